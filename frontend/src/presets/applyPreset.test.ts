import { expect, test } from "vitest";

import { emptyGeneration } from "../draw/generationValues";
import { presetFrom, withPreset } from "./applyPreset";

const form = { ...emptyGeneration, prompt: "a <my-mug>", negativePrompt: "grey", steps: "12", guidance: "3" };

test("a preset surrounds what was written, adds to what is left out, and sets the settings that it has", () => {
  const values = withPreset(form, { prompt: "{prompt}, studio light", negative_prompt: "dark", guidance: 5, width: 96, height: 64 });
  expect(values).toMatchObject({ prompt: "a <my-mug>, studio light", negativePrompt: "grey, dark", steps: "12", guidance: "5", width: "96", height: "64" });
  expect(withPreset(form, { prompt: "on snow", negative_prompt: "grey" })).toMatchObject({ prompt: "a <my-mug>, on snow", negativePrompt: "grey" });
  expect(withPreset(form, {})).toEqual(form);
});

test("the settings of the form are a preset, with what the prompt becomes", () => {
  expect(presetFrom(form, " {prompt}, at night ")).toMatchObject({ prompt: "{prompt}, at night", negative_prompt: "grey", steps: 12, guidance: 3, width: null });
});
