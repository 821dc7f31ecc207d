import { expect, test } from "vitest";

import { emptyHistory, type Progress } from "./jobEvents";
import { outcomeText, queueText, progressText, fractionDone } from "./jobStatusText";

const job = { ahead: null, starts_at: null };
const now = new Date("2026-11-25T12:00:00Z");
const progress: Progress = { step: 60, steps_max: 300, seconds_left: 118 };

test("a queue says how many jobs are before this one", () => {
  const queued = { ...emptyHistory, state: "queued" as const };
  expect(progressText(queued, { ...job, ahead: 0 })).toBe("It is next.");
  expect(progressText(queued, { ...job, ahead: 1 })).toBe("One job is before it.");
  expect(progressText(queued, { ...job, ahead: 4 })).toBe("4 jobs are before it.");
});

test("a running job says how far it is and how long it may take", () => {
  const running = { ...emptyHistory, state: "running" as const, attempt: 1, progress };
  expect(progressText(running, job)).toBe("Step 60 of at most 300; at most 2 min left.");
});

test("where earlier trainings say when it stops by itself, the page says so and keeps the maximum apart", () => {
  const known: Progress = { ...progress, step: 120, seconds_left: 129, seconds_likely: 4 };
  const running = { ...emptyHistory, state: "running" as const, attempt: 1, progress: known };
  expect(progressText(running, job)).toBe("Step 120 of at most 300; probably a few seconds left, at most 3 min.");
});

test("after its last step a job says that it draws the report", () => {
  const drawing: Progress = { ...progress, seconds_left: null, stage: "report" };
  const running = { ...emptyHistory, state: "running" as const, attempt: 1, progress: drawing };
  expect(progressText(running, job)).toBe("Learned after 60 steps. Drawing its report…");
  expect(fractionDone(drawing)).toBe(1);
});

test("the first steps promise no time, because loading the model is in them", () => {
  const running = { ...emptyHistory, state: "running" as const, attempt: 1, progress: { ...progress, step: 1 } };
  expect(progressText(running, job)).toBe("Step 1 of at most 300.");
});

test("a job that was interrupted says that it goes on", () => {
  const second = { ...emptyHistory, state: "running" as const, attempt: 2, progress };
  expect(progressText(second, job)).toContain("goes on (attempt 2)");
  expect(progressText({ ...emptyHistory, state: "queued", attempt: 1 }, job)).toContain("goes on where it was");
});

test("progress never fills more than the whole bar", () => {
  expect(fractionDone(null)).toBe(0);
  expect(fractionDone(progress)).toBeCloseTo(0.2);
  expect(fractionDone({ step: 301, steps_max: 300 })).toBe(1);
});

test("a queue says when a job begins once that is known", () => {
  const queued = { ...emptyHistory, state: "queued" as const };
  const known = { ahead: 2, starts_at: "2026-11-25T12:03:00Z" };
  expect(progressText(queued, known, now)).toBe("2 jobs are before it. It begins in about 3 min.");
});

test("a row of the queue says what it does and when it is done", () => {
  const row = {
    kind: "training" as const,
    state: "queued" as const,
    ahead: 1,
    starts_at: "2026-11-25T12:01:00Z",
    ends_at: "2026-11-25T12:03:00Z",
    progress: null,
    cancel: null,
  };
  expect(queueText(row, now)).toBe("One job before it, begins in about 1 min, done in about 3 min");
  expect(queueText({ ...row, starts_at: null, ends_at: null, ahead: 0 }, now)).toBe("Next; when it begins is not known yet");
  const running = { ...row, state: "running" as const, starts_at: null, progress: { step: 60, steps_max: 300 } };
  expect(queueText(running, now)).toBe("Learning, step 60 of at most 300, done in about 3 min");
  expect(queueText({ ...running, cancel: "keep" }, now)).toBe("Stopping…");
  expect(queueText({ ...running, progress: { step: 60, steps_max: 300, stage: "report" }, ends_at: null }, now)).toBe("Learned, drawing its report");
});

test("an ended job says how", () => {
  expect(outcomeText({ kind: "generation", state: "succeeded" })).toBe("Drawn");
  expect(outcomeText({ kind: "training", state: "failed" })).toBe("Did not work");
});
