import { expect, test } from "vitest";

import { emptyGeneration } from "../draw/generationValues";
import { tableOf } from "./gridTable";
import { emptyGrid, numbersIn, requestFromGrid, sizesOf } from "./gridValues";
import type { GridAxis } from "./types";

const axes: GridAxis[] = [
  { name: "prompts", values: ["a cat", "a dog"] },
  { name: "concepts", values: ["<my-mug>"] },
  { name: "guidance", values: [2, 4] },
  { name: "seeds", values: [7, 8, 9] },
];

test("the last axis with several values runs across, and the others down with the first outermost", () => {
  const { across, rows, fixed } = tableOf(axes, null);
  expect(across?.name).toBe("seeds");
  expect(fixed.map((axis) => axis.name)).toEqual(["concepts"]);
  expect(rows.map((row) => row.cells)).toEqual([[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]);
  expect(rows.map((row) => row.labels.map((label) => [label.value, label.span]))).toEqual([
    [["a cat", 2], [2, 1]],
    [["a cat", 0], [4, 1]],
    [["a dog", 2], [2, 1]],
    [["a dog", 0], [4, 1]],
  ]);
});

test("another axis across finds the same cells", () => {
  const { rows } = tableOf(axes, "prompts");
  expect(rows.map((row) => row.cells)).toEqual([[0, 6], [1, 7], [2, 8], [3, 9], [4, 10], [5, 11]]);
});

test("a grid of one picture is one cell", () => {
  expect(tableOf(axes.map((axis) => ({ ...axis, values: axis.values.slice(0, 1) })), null).rows).toEqual([{ labels: [], cells: [0] }]);
});

test("numbers are written one by one or as a range, and what is none is a fault", () => {
  expect(numbersIn("1-4, 12 ; 2.5")).toEqual([1, 2, 3, 4, 12, 2.5]);
  expect(numbersIn("3 – 5")).toEqual([3, 4, 5]);
  expect(numbersIn("")).toEqual([]);
  expect(numbersIn("a")).toBeNull();
  expect(numbersIn("1-900000")).toBeNull();
});

test("the request has the prompt of the form first, and the size is the product of the axes", () => {
  const grid = { ...emptyGrid, prompts: "two\n\none\n", concepts: ["<a>", "<b>"], guidance: "2, 4", seeds: "1-3" };
  expect(sizesOf("one", grid)).toEqual([2, 2, 1, 2, 3]);
  const request = requestFromGrid({ ...emptyGeneration, prompt: "one", steps: "4" }, grid);
  expect(request).toMatchObject({ prompts: ["one", "two"], concepts: ["<a>", "<b>"], versions: [], guidance: [2, 4], seeds: [1, 2, 3], steps: 4 });
});
