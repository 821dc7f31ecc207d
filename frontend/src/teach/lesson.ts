// What somebody wants to be taught: the state of the form, and how it is sent.
import { queryOptions } from "@tanstack/react-query";

import { answer, api, formOf, newKey } from "../api/client";
import type { Problem } from "../api/problem";
import { queryClient, readyLessons, words } from "../api/queries";
import type { Kind, ReadyLesson } from "../api/types";

/** Settings that nobody needs; empty text means the base model's own. */
export interface Tuning {
  vectors: string;
  stepsMax: string;
  mirror: "" | "true" | "false";
  seed: string;
  method: "" | "classic" | "directional";
  /** A place of the slider: on the way from the closest likeness to what is easiest to change. */
  freedom: number;
}

/** How strongly the word is held near what it starts from, for each place of the slider. */
export const KAPPAS = [0, 0.1, 0.3, 0.6, 1] as const;

export const untuned: Tuning = { vectors: "", stepsMax: "", mirror: "", seed: "", method: "", freedom: 1 };

export interface Lesson {
  files: readonly File[];
  name: string;
  kind: Kind;
  initializer: string;
  /** null until somebody writes one; until then the proposal stands. */
  placeholder: string | null;
  baseModel: string | null;
  tags: string;
  tuning: Tuning;
}

export const emptyLesson: Lesson = {
  files: [],
  name: "",
  kind: "object",
  initializer: "",
  placeholder: null,
  baseModel: null,
  tags: "",
  tuning: untuned,
};

/** A lesson that comes with the studio, as if somebody had filled in the form; null if there is none of that name. */
export function readyLesson(id: string | null) {
  return queryOptions({
    queryKey: ["lessons", "filled", id],
    queryFn: async () => {
      const offered = await queryClient.query({ ...readyLessons, staleTime: "static" });
      const library = await queryClient.query(words);
      const ready = offered.find((lesson) => lesson.id === id);
      return ready === undefined ? null : filledFrom(ready, new Set(library.map((concept) => concept.placeholder)));
    },
    enabled: id !== null,
    staleTime: Infinity,
  });
}

async function filledFrom(ready: ReadyLesson, taken: ReadonlySet<string>): Promise<Lesson> {
  const files = await Promise.all(
    ready.pictures.map(async (url, place) => {
      const content = await (await fetch(url)).blob();
      return new File([content], `${ready.id}-${place + 1}.jpg`, { type: content.type, lastModified: 0 });
    }),
  );
  return {
    ...emptyLesson,
    files,
    name: ready.name,
    kind: ready.kind,
    initializer: ready.initializer,
    placeholder: taken.has(ready.placeholder) ? null : ready.placeholder,
    baseModel: ready.base_model,
  };
}

export function tagsIn(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim().replace(/^#/, ""));
  return [...new Set(tags.filter((tag) => tag !== ""))];
}

export function tuningFields({ vectors, stepsMax, mirror, seed, method, freedom }: Tuning) {
  return { vectors, steps_max: stepsMax, mirror, seed, method, ...holdOf(method, freedom) };
}

/** What holds a word near what it starts from. Whoever wants it as alike as it gets wants nothing that does. */
function holdOf(method: Tuning["method"], freedom: number) {
  if (method === "directional") return { kappa: KAPPAS[freedom] };
  return method === "classic" ? { context_weight: 0, prefer: "likeness" } : {};
}

/** Sends a lesson. The key makes a second press of the button harmless. */
export function teach(lesson: Lesson, placeholder: string, key: string) {
  const form = formOf({
    images: lesson.files,
    placeholder,
    initializer: lesson.initializer,
    kind: lesson.kind,
    base_model: lesson.baseModel,
    name: lesson.name.trim(),
    tags: tagsIn(lesson.tags),
    ...tuningFields(lesson.tuning),
  });
  return answer(
    api.POST("/api/concepts", {
      params: { header: { "Idempotency-Key": key } },
      body: { images: [] },
      bodySerializer: () => form,
    }),
  );
}

export function teachAgain(conceptId: string, files: readonly File[], initializer: string, tuning: Tuning) {
  const form = formOf({ images: files, initializer, ...tuningFields(tuning) });
  return answer(
    api.POST("/api/concepts/{concept_id}/versions", {
      params: { path: { concept_id: conceptId }, header: { "Idempotency-Key": newKey() } },
      body: { images: [] },
      bodySerializer: () => form,
    }),
  );
}

/** The sentence for one field of the form, if the problem is there. */
export function faultOf(problem: Problem | null, field: string): string | undefined {
  return problem?.field === field ? problem.detail : undefined;
}
