// An import of many words while it happens and when it has ended: how many came in, and a sentence for each file that
// did not.
import { useEffect } from "react";
import { Link } from "wouter";

import { isProblem } from "../api/problem";
import { queryClient } from "../api/queries";
import { hasEnded, type Job } from "../api/types";
import { fractionDone } from "../jobs/jobStatusText";
import { useJobEvents } from "../jobs/useJobEvents";

interface ManyImportedProps {
  job: Job;
  /** What was wrong with files that were left out before the job began. */
  refused: readonly { name: string; detail: string }[];
}

export function ManyImported({ job, refused }: ManyImportedProps) {
  const { history } = useJobEvents(job.id);
  const state = history.state ?? job.state;
  const ended = hasEnded(state);
  const faults = [...refused.map(({ detail }) => detail), ...history.warnings];
  useEffect(() => {
    if (ended) void queryClient.invalidateQueries({ queryKey: ["concepts"] });
  }, [ended]);
  const done = fractionDone(history.progress);
  return (
    <>
      <div className="head">
        <div className="stack">
          <h1>{headline(state, faults.length)}</h1>
          {!ended && (
            <div className="progress stack">
              <div className="meter" role="progressbar" aria-label="Files read" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(done * 100)}>
                <div style={{ width: `${done * 100}%` }} />
              </div>
              <p className="small soft" role="status">
                {job.title}. A worker reads the files. You may leave this page.
              </p>
            </div>
          )}
          {state === "failed" && isProblem(job.error) && <p className="notice bad">{job.error.detail}</p>}
          {ended && (
            <div className="row">
              <Link className="button primary" href="/">
                Look at the library
              </Link>
              <Link className="button quiet" href="/import">
                Import more
              </Link>
            </div>
          )}
        </div>
      </div>
      {faults.length > 0 && (
        <section className="stack column" aria-label="Files that were left out">
          <h2>{faults.length === 1 ? "One file was left out" : `${faults.length} files were left out`}</h2>
          <ul className="stack">
            {faults.map((fault) => (
              <li key={fault} className="notice">
                {fault}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function headline(state: Job["state"], faults: number): string {
  if (state === "succeeded") return faults === 0 ? "All of them are in" : "The others are in";
  if (state === "failed") return "None of them came in";
  if (state === "cancelled") return "The import was stopped";
  return "Importing…";
}
