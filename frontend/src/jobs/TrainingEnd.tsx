// How a training ended, and what can be done now.
import { Link } from "wouter";

import type { Concept, Job, JobState } from "../api/types";
import { isProblem } from "../api/problem";
import { drawLink } from "../draw/links";
import { duration } from "../ui/time";
import type { JobHistory } from "./jobEvents";

interface TrainingEndProps {
  job: Job;
  state: JobState;
  history: JobHistory;
  concept: Concept | undefined;
}

export function TrainingEnd({ job, state, history, concept }: TrainingEndProps) {
  const again = job.concept && (
    <Link className="button" href={`/concepts/${job.concept.id}/teach`}>
      Try again with changes
    </Link>
  );
  if (state === "failed") {
    return (
      <div className="notice bad ending">
        <p>{isProblem(job.error) ? job.error.detail : "Its log says why."}</p>
        <div className="row">{again}</div>
      </div>
    );
  }
  if (state === "cancelled") {
    return (
      <div className="notice ending">
        <p>It was stopped, and nothing was kept.</p>
        <div className="row">{again}</div>
      </div>
    );
  }
  return (
    <div className="ending">
      <p className="soft">{howItWent(job, history)}</p>
      <div className="row">
        {concept && (
          <Link className="button primary" href={drawLink(concept)}>
            Draw with it
          </Link>
        )}
        {concept && (
          <Link className="button" href={`/concepts/${concept.id}`}>
            Look at the word
          </Link>
        )}
      </div>
    </div>
  );
}

function howItWent(job: Job, { progress }: JobHistory): string {
  const steps = progress?.step ?? job.progress?.step;
  const most = progress?.steps_max ?? job.progress?.steps_max;
  const took =
    job.started_at && job.finished_at
      ? ` in ${duration((Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000)}`
      : "";
  if (steps === undefined || most === undefined) return `Learned${took}.`;
  if (job.cancel === "keep") return `Stopped by hand after ${steps} steps; the best so far was kept.`;
  const early = steps < most ? ", where more stopped helping" : "";
  return `Learned${took}, after ${steps} steps${early}. The best of them was kept.`;
}
