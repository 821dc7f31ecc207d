import { describe, expect, it } from "vitest";

import type { GenerationRequest } from "../api/types";
import { valuesFromRequest, emptyGeneration, requestFromValues } from "./generationValues";
import { initImageFrom } from "./initImage";

const request: GenerationRequest = {
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

describe("a request", () => {
  it("leaves what is empty to the base model", () => {
    expect(requestFromValues({ ...emptyGeneration, prompt: " a cat " })).toEqual({
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
    expect(requestFromValues({ ...emptyGeneration, guidance: "4,5" }).guidance).toBe(4.5);
  });
  it("names a picture that the studio has, and leaves a file to the form", () => {
    const initImage = initImageFrom({ kind: "image", id: "one" });
    expect(requestFromValues({ ...emptyGeneration, initImage })).toMatchObject({ init_image: { image_id: "one" } });
    const file = initImageFrom({ kind: "file", file: new File([], "a.png") });
    expect(requestFromValues({ ...emptyGeneration, initImage: file })).not.toHaveProperty("init_image");
  });
  it("asks for all of a picture only inside a mask", () => {
    const initImage = { ...initImageFrom({ kind: "image", id: "one" }), strength: 1 };
    expect(requestFromValues({ ...emptyGeneration, initImage })).not.toHaveProperty("strength");
    expect(requestFromValues({ ...emptyGeneration, initImage: { ...initImage, mask: { kind: "upload", id: "two" } } })).toMatchObject({ strength: 1 });
  });
});

describe("drawing again", () => {
  it("with the same seed asks for one picture with everything as it was", () => {
    const from = { ...request, init_image: { upload_id: "a" }, mask: { upload_id: "b" }, strength: 0.5 };
    expect(requestFromValues(valuesFromRequest(from, "the same"))).toEqual(from);
  });
  it("with others asks for several new ones", () => {
    expect(requestFromValues(valuesFromRequest(request, "others"))).toMatchObject({ count: 4, seed: null });
  });
});
