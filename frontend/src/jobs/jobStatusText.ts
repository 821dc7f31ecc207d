// The state of a job as text.
import type { Job, JobState } from "../api/types";
import { secondsUntil, timeAtMost, timeLeft } from "../ui/time";
import type { Progress, JobHistory } from "./jobEvents";

// The first steps include loading the model, so an estimate from them is far too long.
const STEPS_BEFORE_GUESSING = 8;

export function headlineText(state: JobState): string {
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

/** The part of the steps that is done, 0..1. A training may need fewer steps than its maximum. */
export function fractionDone(progress: Progress | null): number {
  if (progress?.stage) return 1;
  return progress === null ? 0 : Math.min(1, progress.step / Math.max(1, progress.steps_max));
}

/** What is happening and how long it may take. */
export function progressText(history: JobHistory, job: Pick<Job, "ahead" | "starts_at">, now = new Date()): string {
  if (history.state === "queued") return waiting(history, job, now);
  const { progress } = history;
  if (progress === null) return "Looking at the pictures…";
  const again = history.attempt > 1 ? ` It was interrupted and goes on (attempt ${history.attempt}).` : "";
  if (progress.stage === "report") return `Learned after ${progress.step} steps. Drawing its report…${again}`;
  const steps = `Step ${progress.step} of at most ${progress.steps_max}`;
  if (progress.seconds_left == null || progress.step < STEPS_BEFORE_GUESSING) return `${steps}.${again}`;
  const most = timeAtMost(progress.seconds_left);
  const left = progress.seconds_likely == null ? `${most} left` : `probably ${timeLeft(progress.seconds_likely)} left, ${most}`;
  return `${steps}; ${left}.${again}`;
}

function waiting(history: JobHistory, { ahead, starts_at }: Pick<Job, "ahead" | "starts_at">, now: Date): string {
  if (history.attempt > 0) return "It was interrupted, and goes on where it was as soon as a worker is free.";
  const begins = starts_at === null ? "" : ` It begins in ${timeLeft(secondsUntil(starts_at, now))}.`;
  if (!ahead) return `It is next.${begins}`;
  return `${ahead === 1 ? "One job is" : `${ahead} jobs are`} before it.${begins}`;
}

/** What a job of the queue does at the moment, and when it will be done. */
export function queueText(job: Pick<Job, "state" | "kind" | "ahead" | "starts_at" | "ends_at" | "progress" | "cancel">, now: Date): string {
  const done = job.ends_at === null ? "" : `, done in ${timeLeft(secondsUntil(job.ends_at, now))}`;
  if (job.state === "running") {
    if (job.cancel !== null) return "Stopping…";
    if (job.progress?.stage === "report") return `Learned, drawing its report${done}`;
    const doing = { training: "Learning", generation: "Drawing", import: "Reading the file", report: "Drawing the report" }[job.kind];
    const steps = job.progress === null ? "" : `, step ${job.progress.step} of ${job.kind === "training" ? "at most " : ""}${job.progress.steps_max}`;
    return `${doing}${steps}${done}`;
  }
  const place = job.ahead === 0 ? "Next" : job.ahead === 1 ? "One job before it" : `${job.ahead ?? "Some"} jobs before it`;
  if (job.starts_at === null) return `${place}; when it begins is not known yet`;
  return `${place}, begins in ${timeLeft(secondsUntil(job.starts_at, now))}${done}`;
}

/** How a job of the queue ended. */
export function outcomeText(job: Pick<Job, "state" | "kind">): string {
  if (job.state === "failed") return "Did not work";
  if (job.state === "cancelled") return "Cancelled";
  return { training: "Learned", generation: "Drawn", import: "Imported", report: "Report drawn" }[job.kind];
}
