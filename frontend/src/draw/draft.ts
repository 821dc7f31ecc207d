// What somebody wants drawn: the state of the form, and how it becomes a request.
import type { Order, Scheduler } from "../api/types";
import { marksSomething, startFrom, type Start } from "./start";

/** Texts as they stand in the form; empty means the base model's own. */
export interface Draft {
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
  start: Start | null;
}

export const emptyDraft: Draft = {
  prompt: "",
  negativePrompt: "",
  count: 4,
  seed: "",
  steps: "",
  guidance: "",
  scheduler: "",
  width: "",
  height: "",
  baseModel: null,
  start: null,
};

/** The form filled in with what made a picture: to draw it again, or others like it. */
export function draftOf(order: Order, seed: "the same" | "others"): Draft {
  const same = seed === "the same";
  return {
    prompt: order.prompt,
    negativePrompt: order.negative_prompt ?? "",
    count: same ? 1 : emptyDraft.count,
    seed: same ? textOf(order.seed) : "",
    steps: textOf(order.steps),
    guidance: textOf(order.guidance),
    scheduler: order.scheduler ?? "",
    width: textOf(order.width),
    height: textOf(order.height),
    baseModel: order.base_model ?? null,
    start: startOf(order),
  };
}

/** The request, without the files that go beside it (see `request.ts`). */
export function orderOf(draft: Draft): Order {
  const { start } = draft;
  const order: Order = {
    prompt: draft.prompt.trim(),
    negative_prompt: draft.negativePrompt.trim(),
    base_model: draft.baseModel,
    count: draft.count,
    seed: numberIn(draft.seed),
    steps: numberIn(draft.steps),
    guidance: numberIn(draft.guidance),
    scheduler: draft.scheduler === "" ? null : draft.scheduler,
    width: numberIn(draft.width),
    height: numberIn(draft.height),
  };
  if (start === null) return order;
  if (start.picture.kind === "image") order.init_image = { image_id: start.picture.id };
  if (start.picture.kind === "upload") order.init_image = { upload_id: start.picture.id };
  if (start.mask?.kind === "upload") order.mask = { upload_id: start.mask.id };
  // A mask takes all of what it marks unless somebody says otherwise; without one the studio knows its own default.
  if (start.strength !== null && (start.strength < 1 || marksSomething(start.mask))) order.strength = start.strength;
  return order;
}

function startOf({ init_image: picture, mask, strength }: Order): Start | null {
  const start = picture?.image_id
    ? startFrom({ kind: "image", id: picture.image_id })
    : picture?.upload_id
      ? startFrom({ kind: "upload", id: picture.upload_id })
      : null;
  if (start === null) return null;
  return { ...start, mask: mask?.upload_id ? { kind: "upload", id: mask.upload_id } : null, strength: strength ?? null };
}

function textOf(number: number | null | undefined): string {
  return number === null || number === undefined ? "" : String(number);
}

function numberIn(text: string): number | null {
  const number = Number(text.replace(",", "."));
  return text.trim() === "" || Number.isNaN(number) ? null : number;
}
