// An import while it happens: seconds, and then the word or the reason why not.
import { useEffect } from "react";
import { Link } from "wouter";

import { isProblem } from "../api/problem";
import { queryClient } from "../api/queries";
import { hasEnded, type Job } from "../api/types";
import { Placeholder } from "../ui/Placeholder";
import { ManyImported } from "./ManyImported";

export function ImportJob({ job }: { job: Job }) {
  return job.concept === null ? <ManyImported job={job} refused={[]} /> : <OneImported job={job} />;
}

function OneImported({ job }: { job: Job }) {
  const ended = hasEnded(job.state);
  useEffect(() => {
    if (ended) void queryClient.invalidateQueries({ queryKey: ["concepts"] });
  }, [ended]);
  const failed = job.state === "failed" || job.state === "cancelled";
  return (
    <div className="head">
      <div className="stack">
        <h1>
          {job.state === "succeeded" ? "It knows" : failed ? "Not imported:" : "Reading"}{" "}
          {job.concept && <Placeholder>{job.concept.placeholder}</Placeholder>}
        </h1>
        {failed && <p className="notice bad">{isProblem(job.error) ? job.error.detail : "The import was stopped."}</p>}
        {!ended && <p role="status">A worker looks into the file. This takes a few seconds.</p>}
        <div className="row">
          {job.state === "succeeded" && job.concept && (
            <Link className="button primary" href={`/concepts/${job.concept.id}`}>
              Look at the word
            </Link>
          )}
          {failed && (
            <Link className="button" href="/import">
              Try another file
            </Link>
          )}
        </div>
      </div>
    </div>
  );
}
