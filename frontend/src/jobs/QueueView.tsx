// Everything that the team has asked for and is not there yet: what runs, what waits, and when each will be done.
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { activeJobs, endedJobs } from "../api/queries";
import type { Job } from "../api/types";
import { useMayChangeOf } from "../session/currentUser";
import { QuotaWarning } from "../settings/QuotaWarning";
import { RelativeTime } from "../ui/RelativeTime";
import { ProblemNotice, Problems } from "../ui/Notice";
import { Prompt } from "../ui/Placeholder";
import { CancelJob } from "./CancelJob";
import { outcomeText, queueText, fractionDone } from "./jobStatusText";

const SHOWN_ENDED = 15;

export function QueueView() {
  const active = useQuery(activeJobs);
  const ended = useQuery(endedJobs);
  const running = active.data?.items.filter((job) => job.state === "running") ?? [];
  const waiting = active.data?.items.filter((job) => job.state === "queued").sort(byPlace) ?? [];
  const idle = active.isSuccess && running.length + waiting.length === 0;
  return (
    <>
      <div className="head">
        <div>
          <h1>Queue</h1>
          <p>What your team has asked for. Teams take turns, and so do the people of a team.</p>
        </div>
      </div>
      <QuotaWarning of={["queued_jobs", "gpu_seconds"]} />
      {active.isError && <ProblemNotice error={active.error} />}
      <Problems of={[ended]} />
      <div className="queue">
        {idle && (
          <p className="soft" role="status">
            Nothing runs and nothing waits. <Link href="/teach">Teach a word</Link> or <Link href="/draw">draw</Link> with one.
          </p>
        )}
        <Jobs title="Running" jobs={running} />
        <Jobs title="Waiting" jobs={waiting} />
        {active.data?.next && <p className="small soft">Only the newest hundred are shown.</p>}
        <Jobs title="Ended lately" jobs={ended.data?.slice(0, SHOWN_ENDED) ?? []} />
      </div>
    </>
  );
}

function byPlace(one: Job, other: Job): number {
  return (one.ahead ?? Infinity) - (other.ahead ?? Infinity) || one.created_at.localeCompare(other.created_at);
}

function Jobs({ title, jobs }: { title: string; jobs: readonly Job[] }) {
  if (jobs.length === 0) return null;
  return (
    <section className="stack" aria-label={title}>
      <h2>{title}</h2>
      <ul className="sheet queued" data-arrows>
        {jobs.map((job) => (
          <Row key={job.id} job={job} />
        ))}
      </ul>
    </section>
  );
}

function Row({ job }: { job: Job }) {
  const mayCancel = useMayChangeOf(job.created_by.id);
  const going = job.finished_at === null;
  return (
    <li>
      <div className="what">
        <p className="title">
          <Link href={job.kind === "generation" ? "/draw" : `/jobs/${job.id}`}>
            <Prompt>{job.title}</Prompt>
          </Link>
        </p>
        <p className="small soft">
          {going ? queueText(job, new Date()) : outcomeText(job)} · {job.created_by.name}, <RelativeTime time={job.finished_at ?? job.created_at} />
        </p>
        {job.state === "running" && job.progress && (
          <div className="meter" aria-hidden="true">
            <div style={{ width: `${fractionDone(job.progress) * 100}%` }} />
          </div>
        )}
        {typeof job.error?.detail === "string" && job.state === "failed" && <p className="small fault">{job.error.detail}</p>}
      </div>
      {going && mayCancel && <CancelJob job={job} />}
    </li>
  );
}
