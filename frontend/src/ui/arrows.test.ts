import { expect, test } from "vitest";

import { nextInDirection } from "./arrows";

const at = (left: number, top: number, height = 100) => ({ left, top, width: 100, height });
// 0 1 2
// 3 4
const cards = [at(0, 0), at(110, 0, 120), at(220, 0), at(0, 130), at(110, 130)];

test.each([
  ["ArrowRight", 0, 1],
  ["ArrowRight", 2, -1],
  ["ArrowDown", 1, 4],
  ["ArrowDown", 2, 4],
  ["ArrowUp", 3, 0],
  ["ArrowLeft", 4, 3],
  ["ArrowUp", 1, -1],
  ["Enter", 0, -1],
])("%s from card %d leads to card %d", (key, from, to) => {
  const box = cards[from];
  if (box === undefined) throw new Error("there is no such card");
  expect(nextInDirection(key, box, cards)).toBe(to);
});
