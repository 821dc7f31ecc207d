import { expect, test } from "vitest";

import { sizesFor } from "./sizes";

const model = { resolution: 512, pixels_max: 1_048_576, side_max: 2048, side_multiple: 8 };

test("the sizes have about the area that the model was trained on, in multiples that it takes", () => {
  const sizes = sizesFor(model);
  expect(sizes.map((size) => size.name)).toEqual(["1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16"]);
  expect(sizes[0]).toEqual({ name: "1:1", width: 512, height: 512 });
  for (const { width, height } of sizes) {
    expect([width % 8, height % 8]).toEqual([0, 0]);
    expect((width * height) / 512 ** 2).toBeGreaterThan(0.94);
    expect((width * height) / 512 ** 2).toBeLessThan(1.06);
  }
});

test("a small model is offered no size that a request may not have, and none above its limit", () => {
  const sizes = sizesFor({ resolution: 64, pixels_max: 16384, side_max: 256, side_multiple: 8 });
  expect(sizes[0]).toEqual({ name: "1:1", width: 64, height: 64 });
  expect(Math.min(...sizes.flatMap(({ width, height }) => [width, height]))).toBe(64);
  expect(sizesFor({ ...model, pixels_max: 300_000, side_max: 640 }).map((size) => size.name)).not.toContain("16:9");
  expect(sizesFor(undefined)).toEqual([]);
});
