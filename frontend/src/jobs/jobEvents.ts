// The reducer of a job's events. Pure: the same events in the same order give the same history, and an event that arrives
// twice (after a reconnection) counts once.
import type { JobState } from "../api/types";

export interface Progress {
  step: number;
  steps_max: number;
  loss?: number | null;
  evaluation?: number | null;
  /** Until `steps_max`: the most that a training takes. */
  seconds_left?: number | null;
  /** Until it probably stops by itself, as earlier trainings did. */
  seconds_likely?: number | null;
  /** What follows the last step. */
  stage?: "report" | null;
}

export interface Preview {
  step: number;
  url: string;
  prompt: string;
}

/** A coarse picture from the latents of an image that is still being denoised, as a `data:` address. */
export interface LatentPreview {
  index: number;
  url: string;
}

export interface DrawnEvent {
  index: number;
  id: string;
  url: string;
  seed: number;
}

export type JobEvent =
  | { type: "state"; id: number; data: { state: JobState; attempt: number } }
  | { type: "progress"; id: number; data: Progress }
  | { type: "preview"; id: number; data: Preview | { step: number; glimpses: readonly LatentPreview[] } }
  | { type: "image"; id: number; data: DrawnEvent }
  | { type: "warning"; id: number; data: { detail: string } };

/** One point of the loss curve: the loss of the step's own batch, and the last loss of the fixed validation batch. */
export interface Point {
  step: number;
  loss: number | null;
  evaluation: number | null;
}

export interface JobHistory {
  lastId: number;
  state: JobState | null;
  attempt: number;
  progress: Progress | null;
  points: readonly Point[];
  previews: readonly Preview[];
  latentPreviews: readonly LatentPreview[];
  images: readonly DrawnEvent[];
  warnings: readonly string[];
}

export const emptyHistory: JobHistory = {
  lastId: 0,
  state: null,
  attempt: 0,
  progress: null,
  points: [],
  previews: [],
  latentPreviews: [],
  images: [],
  warnings: [],
};

export function applyEvent(history: JobHistory, event: JobEvent): JobHistory {
  if (event.id <= history.lastId) return history;
  const next = { ...history, lastId: event.id };
  switch (event.type) {
    case "state":
      return { ...next, ...event.data };
    case "progress":
      return { ...next, progress: event.data, points: withPoint(history.points, event.data) };
    case "preview":
      if ("glimpses" in event.data) return { ...next, latentPreviews: event.data.glimpses };
      return { ...next, previews: replacing(history.previews, event.data, (preview) => preview.step) };
    case "image":
      return { ...next, images: replacing(history.images, event.data, (image) => image.index) };
    case "warning":
      return history.warnings.includes(event.data.detail)
        ? next
        : { ...next, warnings: [...history.warnings, event.data.detail] };
  }
}

/** A job that resumes from a checkpoint repeats a few steps: the new points replace the old ones. */
function withPoint(points: readonly Point[], { step, loss = null, evaluation = null }: Progress): Point[] {
  return [...points.filter((point) => point.step < step), { step, loss, evaluation }];
}

function replacing<Item>(items: readonly Item[], item: Item, place: (item: Item) => number): Item[] {
  const others = items.filter((each) => place(each) !== place(item));
  return [...others, item].sort((a, b) => place(a) - place(b));
}

export const EVENT_TYPES: readonly JobEvent["type"][] = ["state", "progress", "preview", "image", "warning"];

/** A message of the stream, or null for one this page does not know. */
export function parseEvent(type: string, id: string, data: string): JobEvent | null {
  const number = Number(id);
  if (!EVENT_TYPES.some((each) => each === type) || !Number.isInteger(number)) return null;
  return { type, id: number, data: JSON.parse(data) as unknown } as JobEvent;
}
