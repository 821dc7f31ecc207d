import { expect, test } from "vitest";

import { liveGenerationIds } from "./liveGenerations";

test("the page listens to a few drawings, those first that run and were asked for first", () => {
  const newestFirst = [
    { id: "f", state: "queued" as const },
    { id: "e", state: "queued" as const },
    { id: "d", state: "running" as const },
    { id: "c", state: "running" as const },
    { id: "b", state: "succeeded" as const },
  ];
  expect([...liveGenerationIds(newestFirst)]).toEqual(["c", "d", "e"]);
});

test("nothing that has ended is listened to", () => {
  expect(liveGenerationIds([{ id: "a", state: "failed" }]).size).toBe(0);
});
