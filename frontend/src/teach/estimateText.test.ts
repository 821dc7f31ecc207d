import { expect, test } from "vitest";

import { estimateText } from "./estimateText";

const ends_at = "2026-11-27T14:32:00";

test.each([
  [{ ahead: 0, starts_at: null, ends_at: null, seconds: null }, "It starts at once."],
  [{ ahead: 3, starts_at: null, ends_at: null, seconds: null }, "It starts after 3 that wait."],
  [{ ahead: 0, starts_at: ends_at, ends_at, seconds: 200 }, "About 3 minutes at most: done by 14:32."],
  [{ ahead: 1, starts_at: ends_at, ends_at, seconds: 20 }, "Less than a minute at most, after one that waits: done by 14:32."],
  [{ ahead: 2, starts_at: ends_at, ends_at, seconds: 9000 }, "About 2.5 hours at most, after 2 that wait: done by 14:32."],
])("an estimate is one line", (estimate, says) => {
  expect(estimateText(estimate, "en-GB")).toBe(says);
});
