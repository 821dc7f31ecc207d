import { expect, test } from "vitest";

import { emptyHistory, parseEvent, applyEvent, type JobEvent } from "./jobEvents";

function historyOf(...events: JobEvent[]) {
  return events.reduce(applyEvent, emptyHistory);
}

const running: JobEvent = { type: "state", id: 1, data: { state: "running", attempt: 1 } };

function progress(id: number, step: number, loss = 0.4): JobEvent {
  return { type: "progress", id, data: { step, steps_max: 300, loss, evaluation: 0.3, seconds_left: 9 } };
}

test("progress becomes points of the curve, in order", () => {
  const { points, progress: latest } = historyOf(running, progress(2, 0), progress(3, 5), progress(4, 9));
  expect(points.map((point) => point.step)).toEqual([0, 5, 9]);
  expect(latest?.step).toBe(9);
});

test("an event that comes again after a reconnection counts once", () => {
  const once = historyOf(running, progress(2, 0), progress(3, 5));
  expect([progress(2, 0), progress(3, 5)].reduce(applyEvent, once)).toBe(once);
});

test("a job that goes on from a checkpoint overwrites the steps that it repeats", () => {
  const { points, attempt } = historyOf(
    running,
    progress(2, 10, 0.5),
    progress(3, 20, 0.5),
    { type: "state", id: 4, data: { state: "running", attempt: 2 } },
    progress(5, 12, 0.1),
  );
  expect(points.map(({ step, loss }) => [step, loss])).toEqual([
    [10, 0.5],
    [12, 0.1],
  ]);
  expect(attempt).toBe(2);
});

test("previews and pictures keep their order whatever order they come in, and a later one takes an earlier one's place", () => {
  const { previews, images } = historyOf(
    { type: "preview", id: 1, data: { step: 50, url: "b", prompt: "" } },
    { type: "preview", id: 2, data: { step: 0, url: "a", prompt: "" } },
    { type: "preview", id: 3, data: { step: 50, url: "c", prompt: "" } },
    { type: "image", id: 4, data: { index: 1, id: "y", url: "y", seed: 8 } },
    { type: "image", id: 5, data: { index: 0, id: "x", url: "x", seed: 7 } },
  );
  expect(previews.map((preview) => preview.url)).toEqual(["a", "c"]);
  expect(images.map((image) => image.id)).toEqual(["x", "y"]);
});

test("latent previews of a drawing are only ever the newest", () => {
  const { latentPreviews, previews } = historyOf(
    { type: "preview", id: 1, data: { step: 5, glimpses: [{ index: 0, url: "early" }] } },
    { type: "preview", id: 2, data: { step: 9, glimpses: [{ index: 0, url: "late" }] } },
  );
  expect(latentPreviews).toEqual([{ index: 0, url: "late" }]);
  expect(previews).toEqual([]);
});

test("the same warning is shown once", () => {
  const { warnings } = historyOf(
    { type: "warning", id: 1, data: { detail: "The rate was lowered." } },
    { type: "warning", id: 2, data: { detail: "The rate was lowered." } },
  );
  expect(warnings).toEqual(["The rate was lowered."]);
});

test("a message of a kind that this page does not know is passed over", () => {
  expect(parseEvent("confetti", "3", "{}")).toBeNull();
  expect(parseEvent("state", "3", '{"state":"queued","attempt":0}')).toEqual({
    type: "state",
    id: 3,
    data: { state: "queued", attempt: 0 },
  });
});
