// Sending a drawing: as JSON, or as a form when a picture or a mask goes with it as a file; and reading one from a file.
import { answer, api, formOf } from "../api/client";
import { ProblemError } from "../api/problem";
import type { Again } from "../api/types";
import { orderOf, type Draft } from "./draft";
import { maskFile } from "./paint";
import { marksSomething } from "./start";

export async function sendDraft(draft: Draft) {
  const body = orderOf(draft);
  const files = await filesOf(draft);
  if (Object.keys(files).length === 0) return answer(api.POST("/api/generations", { body }));
  const { init_image, mask, ...plain } = body;
  const named = { init_image: init_image && JSON.stringify(init_image), mask: mask && JSON.stringify(mask) };
  const form = formOf({ ...plain, ...named, ...files });
  return answer(api.POST("/api/generations", { body, bodySerializer: () => form }));
}

/** What a PNG says of how it was drawn; null for a picture that says nothing. */
export async function readFile(file: File): Promise<Again | null> {
  const form = formOf({ image: [file] });
  try {
    return await answer(api.POST("/api/generations/read", { body: { image: "" }, bodySerializer: () => form }));
  } catch (error) {
    if (error instanceof ProblemError && error.problem.type === "/problems/recipe-missing") return null;
    throw error;
  }
}

async function filesOf({ start }: Draft): Promise<Record<string, File[]>> {
  const files: Record<string, File[]> = {};
  if (start?.picture.kind === "file") files.init_image = [start.picture.file];
  if (start?.mask?.kind === "strokes" && marksSomething(start.mask))
    files.mask = [await maskFile(start.mask.strokes, start.mask.size)];
  return files;
}
