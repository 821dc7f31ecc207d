// Sends a generation request: as JSON, or as multipart when a picture or a mask is a file. Recovers a request from a file.
import { answer, api, formOf } from "../api/client";
import { ProblemError } from "../api/problem";
import type { RecoveredRequest } from "../api/types";
import { requestFromValues, type GenerationValues } from "./generationValues";
import { maskFile } from "./paint";
import { marksAnything } from "./initImage";

export async function submitGeneration(values: GenerationValues) {
  const body = requestFromValues(values);
  const files = await filesOf(values);
  if (Object.keys(files).length === 0) return answer(api.POST("/api/generations", { body }));
  const { init_image, mask, ...plain } = body;
  const named = { init_image: init_image && JSON.stringify(init_image), mask: mask && JSON.stringify(mask) };
  const form = formOf({ ...plain, ...named, ...files });
  return answer(api.POST("/api/generations", { body, bodySerializer: () => form }));
}

/** The request that a picture carries in its metadata; null for a picture without one. */
export async function recoverRequest(file: File): Promise<RecoveredRequest | null> {
  const form = formOf({ image: [file] });
  try {
    return await answer(api.POST("/api/generations/read", { body: { image: "" }, bodySerializer: () => form }));
  } catch (error) {
    if (error instanceof ProblemError && error.problem.type === "/problems/recipe-missing") return null;
    throw error;
  }
}

async function filesOf({ initImage }: GenerationValues): Promise<Record<string, File[]>> {
  const files: Record<string, File[]> = {};
  if (initImage?.picture.kind === "file") files.init_image = [initImage.picture.file];
  if (initImage?.mask?.kind === "strokes" && marksAnything(initImage.mask))
    files.mask = [await maskFile(initImage.mask.strokes, initImage.mask.size)];
  return files;
}
