// The largest picture that a base model draws, as the service states it for each model.
import type { BaseModel } from "../api/types";
import type { GenerationValues } from "./generationValues";

type Limited = Pick<BaseModel, "name" | "resolution" | "pixels_max" | "side_max" | "side_multiple">;

/** What fits a model, in a sentence for people. Undefined while the model is not known or not ready. */
export function sizeHint(model: Limited | undefined): string | undefined {
  if (!model?.pixels_max || !model.side_max) return undefined;
  const multiple = model.side_multiple ?? 1;
  const square = Math.floor(Math.sqrt(model.pixels_max) / multiple) * multiple;
  return `Up to ${square} × ${square}, or as many pixels in another shape with no side above ${model.side_max}.`;
}

/** What is wrong with the size that the form asks for, and at which field; null if the model draws it. */
export function sizeFault(values: Pick<GenerationValues, "width" | "height">, model: Limited | undefined): { field: "width" | "height"; text: string } | null {
  const hint = sizeHint(model);
  if (!model?.pixels_max || !model.side_max || hint === undefined) return null;
  const width = sideIn(values.width) ?? model.resolution ?? 0;
  const height = sideIn(values.height) ?? model.resolution ?? 0;
  if (Math.max(width, height) <= model.side_max && width * height <= model.pixels_max) return null;
  return { field: width >= height ? "width" : "height", text: `${width} × ${height} is too large for ${model.name}. ${hint}` };
}

function sideIn(text: string): number | null {
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? null : number;
}
