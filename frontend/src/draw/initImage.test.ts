import { describe, expect, it } from "vitest";

import { strengthText, marksAnything, initImageFrom, storedSize, strengthOf, withStroke, type Mask, type Stroke } from "./initImage";

const dot: Stroke = { kind: "paint", size: 4, points: [{ x: 1, y: 1 }] };

function painted(...strokes: Stroke[]): Mask {
  return { kind: "strokes", strokes, size: { width: 8, height: 8 } };
}

describe("the size of a mask", () => {
  it("is that of the picture as the studio keeps it", () => {
    expect(storedSize({ width: 64, height: 48 })).toEqual({ width: 64, height: 48 });
    expect(storedSize({ width: 4032, height: 3024 })).toEqual({ width: 1365, height: 1024 });
    expect(storedSize({ width: 9000, height: 300 })).toEqual({ width: 4096, height: 137 });
  });
  it("rounds halves to even, as the service does", () => {
    expect(storedSize({ width: 2049, height: 2048 })).toEqual({ width: 1024, height: 1024 });
    expect(storedSize({ width: 2051, height: 2048 })).toEqual({ width: 1026, height: 1024 });
  });
});

describe("a mask", () => {
  it("marks something once something is painted or turned round", () => {
    expect(marksAnything(null)).toBe(false);
    expect(marksAnything(painted())).toBe(false);
    expect(marksAnything(painted(dot))).toBe(true);
    expect(marksAnything(painted({ kind: "invert" }))).toBe(true);
    expect(marksAnything(painted(dot, { kind: "clear" }))).toBe(false);
    expect(marksAnything({ kind: "upload", id: "x" })).toBe(true);
  });
  it("is not cleared twice, so that undoing always shows", () => {
    expect(withStroke([], { kind: "clear" })).toEqual([]);
    expect(withStroke([dot], { kind: "clear" })).toHaveLength(2);
  });
});

describe("strength", () => {
  it("is the studio's own until it is moved: all inside a mask, three quarters without", () => {
    const initImage = initImageFrom({ kind: "image", id: "x" });
    expect(strengthOf(initImage)).toBe(0.75);
    expect(strengthOf({ ...initImage, mask: painted(dot) })).toBe(1);
    expect(strengthOf({ ...initImage, strength: 0.3 })).toBe(0.3);
  });
  it("has words", () => {
    expect(new Set([0.1, 0.5, 0.75, 0.9, 1].map(strengthText)).size).toBe(5);
  });
});
