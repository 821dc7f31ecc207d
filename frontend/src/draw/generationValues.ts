// The values of the Draw form, and their conversion to and from a generation request.
import { constraints } from "../api/constraints";
import type { GenerationRequest, Scheduler } from "../api/types";
import { marksAnything, initImageFrom, type InitImage } from "./initImage";

/** Numbers are texts, as in the form. An empty text means the base model's default. */
export interface GenerationValues {
  prompt: string;
  negativePrompt: string;
  count: number;
  seed: string;
  steps: string;
  guidance: string;
  scheduler: Scheduler | "";
  width: string;
  height: string;
  baseModel: string | null;
  initImage: InitImage | null;
}

export const emptyGeneration: GenerationValues = {
  prompt: "",
  negativePrompt: "",
  count: constraints.GenerationRequest.count.default,
  seed: "",
  steps: "",
  guidance: "",
  scheduler: "",
  width: "",
  height: "",
  baseModel: null,
  initImage: null,
};

/** The values that repeat a request: with the same seed one image, otherwise several with new seeds. */
export function valuesFromRequest(request: GenerationRequest, seed: "the same" | "others"): GenerationValues {
  const same = seed === "the same";
  return {
    prompt: request.prompt,
    negativePrompt: request.negative_prompt ?? "",
    count: same ? 1 : emptyGeneration.count,
    seed: same ? textOf(request.seed) : "",
    steps: textOf(request.steps),
    guidance: textOf(request.guidance),
    scheduler: request.scheduler ?? "",
    width: textOf(request.width),
    height: textOf(request.height),
    baseModel: request.base_model ?? null,
    initImage: initImageOf(request),
  };
}

/** The request, without the files that go beside it (see `request.ts`). */
export function requestFromValues(values: GenerationValues): GenerationRequest {
  const { initImage } = values;
  const request: GenerationRequest = {
    prompt: values.prompt.trim(),
    negative_prompt: values.negativePrompt.trim(),
    base_model: values.baseModel,
    count: values.count,
    seed: numberIn(values.seed),
    steps: numberIn(values.steps),
    guidance: numberIn(values.guidance),
    scheduler: values.scheduler === "" ? null : values.scheduler,
    width: numberIn(values.width),
    height: numberIn(values.height),
  };
  if (initImage === null) return request;
  if (initImage.picture.kind === "image") request.init_image = { image_id: initImage.picture.id };
  if (initImage.picture.kind === "upload") request.init_image = { upload_id: initImage.picture.id };
  if (initImage.mask?.kind === "upload") request.mask = { upload_id: initImage.mask.id };
  // Strength 1 is the default inside a mask. Without a mask the service refuses it, so that it is left out.
  if (initImage.strength !== null && (initImage.strength < 1 || marksAnything(initImage.mask))) request.strength = initImage.strength;
  return request;
}

function initImageOf({ init_image: picture, mask, strength }: GenerationRequest): InitImage | null {
  const initImage = picture?.image_id
    ? initImageFrom({ kind: "image", id: picture.image_id })
    : picture?.upload_id
      ? initImageFrom({ kind: "upload", id: picture.upload_id })
      : null;
  if (initImage === null) return null;
  return { ...initImage, mask: mask?.upload_id ? { kind: "upload", id: mask.upload_id } : null, strength: strength ?? null };
}

function textOf(number: number | null | undefined): string {
  return number === null || number === undefined ? "" : String(number);
}

function numberIn(text: string): number | null {
  const number = Number(text.replace(",", "."));
  return text.trim() === "" || Number.isNaN(number) ? null : number;
}
