import { describe, expect, test } from "vitest";

import { centred, inside, isCentred, laidOut, largest, moved, sized, turned, zoomOf } from "./square";

const wide = { width: 400, height: 200 };

test("the first square is the one in the middle, as large as it goes", () => {
  expect(centred(wide)).toEqual({ x: 100, y: 0, size: 200, turn: 0 });
  expect(isCentred(centred(wide), wide)).toBe(true);
});

describe("a square stays inside of the picture", () => {
  test("when it is dragged", () => {
    expect(moved(centred(wide), 10, 0, wide)).toEqual({ x: 0, y: 0, size: 200, turn: 0 });
    expect(moved(centred(wide), -0.25, 0, wide).x).toBe(150);
  });

  test("when it is turned, and then it is smaller", () => {
    const slanted = turned(centred(wide), 45, wide);
    expect(slanted.size).toBeCloseTo(200 / Math.SQRT2);
    expect(slanted.x + slanted.size / 2).toBeCloseTo(200);
    expect(turned(slanted, 0, wide).size).toBeCloseTo(200);
  });

  test("when it is zoomed, up to eight times", () => {
    expect(sized(centred(wide), 1, wide).size).toBe(32);
    expect(inside({ x: -50, y: -50, size: 4000, turn: 0 }, wide)).toEqual({ x: 200, y: 0, size: 200, turn: 0 });
    expect(zoomOf(sized(centred(wide), 100, wide), wide)).toBe(2);
  });
});

test("a turned picture follows the finger, and not its own axes", () => {
  const upright = turned(sized(centred(wide), 50, wide), 90, wide);
  const after = moved(upright, 0.5, 0, wide); // the picture goes right on the screen: up in the picture itself
  expect(after.x).toBeCloseTo(upright.x);
  expect(after.y).toBeCloseTo(upright.y + 0.5 * upright.size);
});

test("turns go round", () => {
  expect(turned(centred(wide), 270, wide).turn).toBe(-90);
  expect(largest(wide, 90)).toBeCloseTo(200);
});

test("the whole picture lies so that the square fills its frame", () => {
  expect(laidOut({ x: 100, y: 50, size: 100, turn: 0 }, wide)).toEqual({
    width: "400%",
    height: "200%",
    transform: "rotate(0deg) translate(-37.5%, -50%)",
  });
});
