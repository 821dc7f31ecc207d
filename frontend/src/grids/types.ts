// Names for the shapes of grids.
import type { components } from "../api/schema";
import type { Generation } from "../api/types";

export type GridAxis = components["schemas"]["GridAxis"];
export type GridRequest = components["schemas"]["GridRequest"];
export type Grid = Generation & { grid: components["schemas"]["GridOut"] };

export function isGrid(generation: Generation): generation is Grid {
  return Boolean(generation.grid);
}
