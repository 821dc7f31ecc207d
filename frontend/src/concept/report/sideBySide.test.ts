import { expect, test } from "vitest";

import type { Report } from "../../api/types";
import { commonRows } from "./sideBySide";

function report(version: number, prompts: readonly string[], drawn: readonly (readonly [prompt: number, seed: number])[]): Report {
  const drawings = drawn.map(([prompt, seed]) => ({ prompt, seed, url: `/${version}/${prompts[prompt] ?? ""}/${seed}` }));
  const checkpoints = [
    { step: 10, evaluation: 0.2, scores: null, chosen: false, drawings: [{ prompt: 0, seed: 0, url: "/passed-over" }] },
    { step: 20, evaluation: 0.1, scores: null, chosen: true, drawings },
  ];
  return { version, scorer: null, prompts: [...prompts], pictures: null, initializer: null, failed: null, job_id: null, checkpoints };
}

test("rows are the prompts and seeds that every version drew, whatever the order in its report", () => {
  const one = report(1, ["plain", "beach", "night"], [[1, 0], [0, 0], [0, 1], [2, 0]]);
  const other = report(2, ["beach", "plain"], [[1, 0], [1, 1], [0, 0]]);
  expect(commonRows([one, other])).toEqual([
    { prompt: "plain", seed: 0, drawings: ["/1/plain/0", "/2/plain/0"] },
    { prompt: "beach", seed: 0, drawings: ["/1/beach/0", "/2/beach/0"] },
    { prompt: "plain", seed: 1, drawings: ["/1/plain/1", "/2/plain/1"] },
  ]);
});

test("a report without drawings has nothing to compare", () => {
  expect(commonRows([report(1, ["plain"], [[0, 0]]), report(2, ["plain"], [])])).toEqual([]);
  expect(commonRows([])).toEqual([]);
});
