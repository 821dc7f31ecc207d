// Sends a request for a grid.
import { answer, api } from "../api/client";
import type { GenerationValues } from "../draw/generationValues";
import { requestFromGrid, type GridValues } from "./gridValues";

export function submitGrid({ values, grid }: { values: GenerationValues; grid: GridValues }) {
  return answer(api.POST("/api/grids", { body: requestFromGrid(values, grid) }));
}
