import { describe, expect, it } from "vitest";

import type { Recipe } from "../api/types";
import { draftOf, emptyDraft, orderOf } from "./draft";

const recipe: Recipe = {
  prompt: "a photo of <my-mug>",
  negative_prompt: "dark",
  base_model: "demo",
  seed: 7,
  steps: 20,
  guidance: 4.5,
  scheduler: "ddim",
  width: 64,
  height: 64,
  concepts: [],
};

describe("an order", () => {
  it("leaves what is empty to the base model", () => {
    const order = orderOf({ ...emptyDraft, prompt: " a cat " });
    expect(order).toMatchObject({ prompt: "a cat", seed: null, steps: null, guidance: null, scheduler: null, count: 4 });
  });
  it("takes a decimal comma", () => {
    expect(orderOf({ ...emptyDraft, guidance: "4,5" }).guidance).toBe(4.5);
  });
});

describe("drawing again", () => {
  it("with a seed asks for one picture with everything as it was", () => {
    expect(orderOf(draftOf(recipe, 9))).toMatchObject({ count: 1, seed: 9, steps: 20, guidance: 4.5, prompt: recipe.prompt });
  });
  it("without a seed asks for several new ones", () => {
    expect(orderOf(draftOf(recipe, null))).toMatchObject({ count: 4, seed: null });
  });
});
