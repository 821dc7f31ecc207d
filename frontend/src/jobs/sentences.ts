// How a training is spoken of.
import type { Job, JobState } from "../api/types";
import { timeLeft } from "../ui/time";
import type { Progress, Story } from "./events";

// The first steps pay for loading the model, so the time they promise is far too long.
const STEPS_BEFORE_GUESSING = 8;

export function headline(state: JobState): string {
  switch (state) {
    case "queued":
      return "Waiting to learn";
    case "running":
      return "Learning";
    case "succeeded":
      return "It knows";
    case "failed":
      return "It could not learn";
    case "cancelled":
      return "Stopped learning";
  }
}

/** How much of the most that it may take is done, from 0 to 1. */
export function share(progress: Progress | null): number {
  return progress === null ? 0 : Math.min(1, progress.step / Math.max(1, progress.steps_max));
}

/** What is happening and how long it may take. */
export function remaining(story: Story, job: Pick<Job, "ahead" | "attempts_max">): string {
  if (story.state === "queued") return waiting(story, job.ahead ?? 0);
  const { progress } = story;
  if (progress === null) return "Looking at the pictures…";
  const again = story.attempt > 1 ? ` It was interrupted and goes on (attempt ${story.attempt}).` : "";
  const steps = `Step ${progress.step} of at most ${progress.steps_max}`;
  if (progress.seconds_left == null || progress.step < STEPS_BEFORE_GUESSING) return `${steps}.${again}`;
  return `${steps}; ${timeLeft(progress.seconds_left)} left, less if it learns quickly.${again}`;
}

function waiting(story: Story, ahead: number): string {
  if (story.attempt > 0) return "It was interrupted, and goes on where it was as soon as a worker is free.";
  if (ahead === 0) return "It is next.";
  return ahead === 1 ? "One job is before it." : `${ahead} jobs are before it.`;
}
