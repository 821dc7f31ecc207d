import { expect, test } from "vitest";

import { ago, duration, timeLeft, daysLeft } from "./time";

test.each([
  [0, "0 sec"],
  [59.4, "59 sec"],
  [59.6, "1 min"],
  [200, "3 min 20 sec"],
  [7500, "2 hr 5 min"],
  [-3, "0 sec"],
])("%d seconds took %s", (seconds, said) => {
  expect(duration(seconds)).toBe(said);
});

test.each([
  [2, "a few seconds"],
  [12, "about 20 sec"],
  [58, "about 1 min"],
  [170, "about 3 min"],
  [3900, "about 1 hr 5 min"],
])("with %d seconds left the page says %s", (seconds, said) => {
  expect(timeLeft(seconds)).toBe(said);
});

const now = new Date("2026-03-10T12:00:00Z");

test.each([
  ["2026-03-10T11:59:40Z", "now"],
  ["2026-03-10T11:55:00Z", "5 minutes ago"],
  ["2026-03-10T09:00:00Z", "3 hours ago"],
  ["2026-03-09T09:00:00Z", "yesterday"],
  ["2026-03-03T12:00:00Z", "Mar 3"],
  ["2024-03-03T12:00:00Z", "Mar 3, 2024"],
  ["2026-03-10T12:20:30Z", "in 20 minutes"],
  ["2026-03-10T15:30:00Z", "in 3 hours"],
  ["2026-03-17T11:59:00Z", "in 7 days"],
  ["2026-06-08T12:00:00Z", "Jun 8"],
])("%s is or was %s", (then, said) => {
  expect(ago(then, now)).toBe(said);
});

test("a clock that runs behind the studio's does not count backwards", () => {
  expect(ago("2026-03-10T12:00:30Z", now)).toBe("now");
});

test("what stays is counted in begun days", () => {
  const now = new Date("2026-11-28T12:00:00Z");
  expect(daysLeft("2026-12-28T11:59:00Z", now)).toBe("30 days left");
  expect(daysLeft("2026-11-29T12:01:00Z", now)).toBe("2 days left");
  expect(daysLeft("2026-11-29T11:59:00Z", now)).toBe("goes within a day");
  expect(daysLeft("2026-11-27T12:00:00Z", now)).toBe("goes within a day");
});
