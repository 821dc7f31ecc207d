import { expect, test } from "vitest";

import { panned, showing, WHOLE, zoomed } from "./boardView";

const board = { width: 200, height: 100 };

test("zooming keeps the point under the pointer where it is", () => {
  const at = { x: 50, y: 80 };
  const view = zoomed(zoomed(WHOLE, 2, at, board), 1.5, at, board);
  expect(view.scale).toBe(3);
  expect({ x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale }).toEqual(at);
});

test("the sheet always covers the board, and is never smaller than it", () => {
  const view = zoomed(WHOLE, 2, { x: 0, y: 0 }, board);
  expect(panned(view, { x: 500, y: 500 }, board)).toEqual({ scale: 2, x: 0, y: 0 });
  expect(panned(view, { x: -500, y: -500 }, board)).toEqual({ scale: 2, x: -200, y: -100 });
  expect(zoomed(panned(view, { x: -70, y: -30 }, board), 0.1, { x: 9, y: 9 }, board)).toEqual(WHOLE);
  expect(zoomed(WHOLE, 1000, { x: 0, y: 0 }, board).scale).toBe(12);
});

test("a point outside of the view is brought to its middle, and one inside changes nothing", () => {
  const view = zoomed(WHOLE, 4, { x: 0, y: 0 }, board);
  expect(showing(view, { x: 0.1, y: 0.1 }, board)).toBe(view);
  expect(showing(view, { x: 0.5, y: 0.5 }, board)).toEqual({ scale: 4, x: -300, y: -150 });
});
