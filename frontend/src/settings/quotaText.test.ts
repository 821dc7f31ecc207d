import { expect, test } from "vitest";

import { amount, used, warning } from "./quotaText";

test("amounts are in units that people think in", () => {
  expect(amount("queued_jobs", 85)).toBe("85");
  expect(amount("gpu_seconds", 300)).toBe("5 min");
  expect(amount("gpu_seconds", 5400)).toBe("1.5 h");
  expect(amount("storage_bytes", 227_363_000)).toBe("227 MB");
  expect(amount("storage_bytes", 82e9)).toBe("82 GB");
});

test("without a limit only what is used is said", () => {
  expect(used("gpu_seconds", { used: 7200, limit: null, near: false })).toBe("2 h");
  expect(used("queued_jobs", { used: 85, limit: 100, near: true })).toBe("85 of 100");
});

test("the warning says what, how much and what to do", () => {
  expect(warning("storage_bytes", { used: 9e9, limit: 10e9, near: true })).toContain("9 GB of 10 GB");
});
