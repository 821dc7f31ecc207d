// A preset on the values of the form, and the values of the form as a preset. Pure.
import { requestFromValues, type GenerationValues } from "../draw/generationValues";
import type { PresetIn } from "./presetQueries";

const WRITTEN = "{prompt}";

/** The values with a preset on top. What the preset leaves empty stays as it is. */
export function withPreset(values: GenerationValues, preset: PresetIn): GenerationValues {
  const template = preset.prompt ?? "";
  const prompt = template.includes(WRITTEN)
    ? template.replaceAll(WRITTEN, values.prompt.trim())
    : [values.prompt.trim(), template.trim()].filter(Boolean).join(", ");
  const negative = preset.negative_prompt?.trim() ?? "";
  return {
    ...values,
    prompt,
    negativePrompt: values.negativePrompt.includes(negative) ? values.negativePrompt : [values.negativePrompt.trim(), negative].filter(Boolean).join(", "),
    steps: preset.steps ? String(preset.steps) : values.steps,
    guidance: preset.guidance === null || preset.guidance === undefined ? values.guidance : String(preset.guidance),
    scheduler: preset.scheduler ?? values.scheduler,
    width: preset.width ? String(preset.width) : values.width,
    height: preset.height ? String(preset.height) : values.height,
  };
}

/** The settings of the form as a preset, with a prompt of its own. */
export function presetFrom(values: GenerationValues, prompt: string): PresetIn {
  const { negative_prompt, steps, guidance, scheduler, width, height } = requestFromValues(values);
  return {
    prompt: prompt.trim(),
    negative_prompt: negative_prompt ?? "",
    steps: steps ?? null,
    guidance: guidance ?? null,
    scheduler: scheduler ?? null,
    width: width ?? null,
    height: height ?? null,
  };
}
