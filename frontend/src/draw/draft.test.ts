import { describe, expect, it } from "vitest";

import type { Order } from "../api/types";
import { draftOf, emptyDraft, orderOf } from "./draft";
import { startFrom } from "./start";

const order: Order = {
  prompt: "a photo of <my-mug>",
  negative_prompt: "dark",
  base_model: "demo",
  count: 1,
  seed: 7,
  steps: 20,
  guidance: 4.5,
  scheduler: "ddim",
  width: 64,
  height: 64,
};

describe("an order", () => {
  it("leaves what is empty to the base model", () => {
    expect(orderOf({ ...emptyDraft, prompt: " a cat " })).toEqual({
      prompt: "a cat",
      negative_prompt: "",
      base_model: null,
      count: 4,
      seed: null,
      steps: null,
      guidance: null,
      scheduler: null,
      width: null,
      height: null,
    });
  });
  it("takes a decimal comma", () => {
    expect(orderOf({ ...emptyDraft, guidance: "4,5" }).guidance).toBe(4.5);
  });
  it("names a picture that the studio has, and leaves a file to the form", () => {
    const start = startFrom({ kind: "image", id: "one" });
    expect(orderOf({ ...emptyDraft, start })).toMatchObject({ init_image: { image_id: "one" } });
    const file = startFrom({ kind: "file", file: new File([], "a.png") });
    expect(orderOf({ ...emptyDraft, start: file })).not.toHaveProperty("init_image");
  });
  it("asks for all of a picture only inside a mask", () => {
    const start = { ...startFrom({ kind: "image", id: "one" }), strength: 1 };
    expect(orderOf({ ...emptyDraft, start })).not.toHaveProperty("strength");
    expect(orderOf({ ...emptyDraft, start: { ...start, mask: { kind: "upload", id: "two" } } })).toMatchObject({ strength: 1 });
  });
});

describe("drawing again", () => {
  it("with the same seed asks for one picture with everything as it was", () => {
    const from = { ...order, init_image: { upload_id: "a" }, mask: { upload_id: "b" }, strength: 0.5 };
    expect(orderOf(draftOf(from, "the same"))).toEqual(from);
  });
  it("with others asks for several new ones", () => {
    expect(orderOf(draftOf(order, "others"))).toMatchObject({ count: 4, seed: null });
  });
});
