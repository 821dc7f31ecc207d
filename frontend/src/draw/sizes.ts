// Sizes that a base model draws well: as many pixels as its own square, in the usual shapes. Pure.
import { constraints } from "../api/constraints";
import type { BaseModel } from "../api/types";

export interface Size {
  name: string;
  width: number;
  height: number;
}

type Sized = Pick<BaseModel, "resolution" | "pixels_max" | "side_max" | "side_multiple">;

const SHAPES: readonly (readonly [string, number, number])[] = [
  ["1:1", 1, 1],
  ["4:3", 4, 3],
  ["3:4", 3, 4],
  ["3:2", 3, 2],
  ["2:3", 2, 3],
  ["16:9", 16, 9],
  ["9:16", 9, 16],
];
const SIDE_MIN = constraints.GenerationRequest.width.minimum;

export function sizesFor(model: Sized | undefined): Size[] {
  if (!model?.resolution || !model.pixels_max || !model.side_max) return [];
  const multiple = model.side_multiple ?? 8;
  const found: Size[] = [];
  for (const [name, across, down] of SHAPES) {
    // The area of the model's own square, but no side below the least that a request may have.
    const scale = Math.max(model.resolution / Math.sqrt(across * down), SIDE_MIN / Math.min(across, down));
    const [width, height] = [across, down].map((side) => Math.max(SIDE_MIN, Math.round((side * scale) / multiple) * multiple)) as [number, number];
    const fits = Math.max(width, height) <= model.side_max && width * height <= model.pixels_max;
    if (fits && !found.some((size) => size.width === width && size.height === height)) found.push({ name, width, height });
  }
  return found;
}
