// The values of the Teach form, and how they are sent.
import { queryOptions } from "@tanstack/react-query";

import { answer, api, formOf, newIdempotencyKey } from "../api/client";
import { queryClient, examples, promptConcepts } from "../api/queries";
import type { Concept, Kind, Example, TaughtPicture } from "../api/types";
import { pictureFields, pictureOf, type TeachPicture } from "./pictures";
import { tagsIn } from "../ui/tags";

/** Optional settings of a training. An empty text means the base model's default. */
export interface TrainingOptions {
  vectors: string;
  stepsMax: string;
  mirror: "" | "true" | "false";
  seed: string;
  method: "" | "classic" | "directional";
  /** Index into KAPPAS: from the closest likeness to the easiest to change. */
  kappaIndex: number;
  /** Prompts of one's own for the report, one on each line. */
  prompts: string;
}

/** Values of kappa for each position of the slider: how strongly the embedding is held near its initializer. */
export const KAPPAS = [0, 0.1, 0.3, 0.6, 1] as const;

export const defaultOptions: TrainingOptions = { vectors: "", stepsMax: "", mirror: "", seed: "", method: "", kappaIndex: 1, prompts: "" };

export interface TrainingValues {
  pictures: readonly TeachPicture[];
  name: string;
  kind: Kind;
  initializer: string;
  /** null means the proposed placeholder. */
  placeholder: string | null;
  baseModel: string | null;
  tags: string;
  options: TrainingOptions;
}

export const emptyTraining: TrainingValues = {
  pictures: [],
  name: "",
  kind: "object",
  initializer: "",
  placeholder: null,
  baseModel: null,
  tags: "",
  options: defaultOptions,
};

/** The values of the form for an example of the studio; null if the studio has no example of that id. */
export function trainingFromExample(id: string | null) {
  return queryOptions({
    queryKey: ["examples", "values", id],
    queryFn: async () => {
      const offered = await queryClient.query({ ...examples, staleTime: "static" });
      const library = await queryClient.query(promptConcepts);
      const example = offered.find((values) => values.id === id);
      return example === undefined ? null : valuesFromExample(example, new Set(library.map((concept) => concept.placeholder)));
    },
    enabled: id !== null,
    staleTime: Infinity,
  });
}

async function valuesFromExample(example: Example, taken: ReadonlySet<string>): Promise<TrainingValues> {
  const files = await Promise.all(
    example.pictures.map(async (url, place) => {
      const content = await (await fetch(url)).blob();
      return new File([content], `${example.id}-${place + 1}.jpg`, { type: content.type, lastModified: 0 });
    }),
  );
  return {
    ...emptyTraining,
    pictures: files.map(pictureOf),
    name: example.name,
    kind: example.kind,
    initializer: example.initializer,
    placeholder: taken.has(example.placeholder) ? null : example.placeholder,
    baseModel: example.base_model,
  };
}

export function trainingOptions({ vectors, stepsMax, mirror, seed, method, kappaIndex, prompts }: TrainingOptions) {
  const lines = prompts.split("\n").filter((line) => line.trim() !== "");
  return { vectors, steps_max: stepsMax, mirror, seed, method, prompts: lines, ...regularisationOf(method, kappaIndex) };
}

/** The regularisation that a method takes: kappa for `directional`; none, and the likest checkpoint, for `classic`. */
function regularisationOf(method: TrainingOptions["method"], kappaIndex: number) {
  if (method === "directional") return { kappa: KAPPAS[kappaIndex] };
  return method === "classic" ? { context_weight: 0, prefer: "likeness" } : {};
}

/** Starts a training. The idempotency key makes a second press of the button harmless. */
export function startTraining(values: TrainingValues, placeholder: string, key: string) {
  const form = formOf({
    ...pictureFields(values.pictures),
    placeholder,
    initializer: values.initializer,
    kind: values.kind,
    base_model: values.baseModel,
    name: values.name.trim(),
    tags: tagsIn(values.tags),
    ...trainingOptions(values.options),
  });
  return answer(
    api.POST("/api/concepts", {
      params: { header: { "Idempotency-Key": key } },
      body: { images: [] },
      bodySerializer: () => form,
    }),
  );
}

/** Without `pictures` the word is taught from those that it has. */
export function retrain(conceptId: string, pictures: readonly TeachPicture[], initializer: string, options: TrainingOptions) {
  const form = formOf({ ...pictureFields(pictures), initializer, ...trainingOptions(options) });
  return answer(
    api.POST("/api/concepts/{concept_id}/versions", {
      params: { path: { concept_id: conceptId }, header: { "Idempotency-Key": newIdempotencyKey() } },
      body: { images: [] },
      bodySerializer: () => form,
    }),
  );
}

/** The pictures that a word was taught from, so that their squares, masks and captions can be changed. */
export function picturesOf(concept: Concept): Promise<TeachPicture[]> {
  return Promise.all(concept.pictures.map(pictureAgain));
}

async function pictureAgain({ id, url, mask, caption }: TaughtPicture): Promise<TeachPicture> {
  const load = async (address: string, name: string) => {
    const content = await (await fetch(address)).blob();
    return new File([content], name, { type: "image/png", lastModified: 0 });
  };
  const file = await load(url, `${id}.png`);
  return { ...pictureOf(file), mask: mask == null ? null : await load(mask, `${id}-mask.png`), caption: caption ?? "" };
}
