// What somebody wants drawn: the state of the form, and how it becomes a request.
import type { Order, Recipe, Scheduler } from "../api/types";

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
};

/** The form filled in with what made a picture. */
export function draftOf(recipe: Recipe, seed: number | null): Draft {
  return {
    prompt: recipe.prompt,
    negativePrompt: recipe.negative_prompt,
    count: seed === null ? emptyDraft.count : 1,
    seed: seed === null ? "" : String(seed),
    steps: String(recipe.steps),
    guidance: String(recipe.guidance),
    scheduler: recipe.scheduler,
    width: String(recipe.width),
    height: String(recipe.height),
    baseModel: recipe.base_model,
  };
}

export function orderOf(draft: Draft): Order {
  return {
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
}

function numberIn(text: string): number | null {
  const number = Number(text.replace(",", "."));
  return text.trim() === "" || Number.isNaN(number) ? null : number;
}
