// A job while it happens. A training tells how a word is being learned; a drawing belongs to the Draw view.
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, Redirect } from "wouter";

import { concept as conceptQuery, job as jobQuery, queryClient, report as reportQuery } from "../api/queries";
import { hasEnded, type Job } from "../api/types";
import { Redraw } from "../concept/report/Redraw";
import { ImportJob } from "../importing/ImportJob";
import { useMayChangeOf } from "../session/currentUser";
import { ProblemNotice, Problems } from "../ui/Notice";
import { Placeholder } from "../ui/Placeholder";
import { Skeleton } from "../ui/Skeleton";
import { CancelTraining } from "./CancelTraining";
import { FilmStrip } from "./FilmStrip";
import type { JobHistory } from "./jobEvents";
import { LossCurve } from "./LossCurve";
import { headlineText, progressText, fractionDone } from "./jobStatusText";
import { TrainingEnd } from "./TrainingEnd";
import { useJobEvents } from "./useJobEvents";

export function JobView({ id }: { id: string }) {
  const { data: job, error } = useQuery(jobQuery(id));
  if (error !== null && job === undefined) return <ProblemNotice error={error} />;
  if (job === undefined) return <Skeleton />;
  if (job.kind === "generation") return <Redirect to="/draw" replace />;
  if (job.kind === "report") return <Redirect to={job.concept ? `/concepts/${job.concept.id}` : "/queue"} replace />;
  if (job.kind === "import") return <ImportJob job={job} />;
  return <Training job={job} />;
}

function Training({ job }: { job: Job }) {
  const { history } = useJobEvents(job.id);
  const mayCancel = useMayChangeOf(job.created_by.id);
  const trained = useQuery({ ...conceptQuery(job.concept?.id ?? ""), enabled: job.concept !== null });
  const concept = trained.data;
  const state = history.state ?? job.state;
  const ended = hasEnded(state);

  useEffect(() => {
    if (!ended) return;
    void queryClient.invalidateQueries({ queryKey: ["jobs"] });
    void queryClient.invalidateQueries({ queryKey: ["concepts"] });
  }, [ended]);

  const placeholder = job.concept?.placeholder ?? "";
  const seen: JobHistory = { ...history, state, attempt: Math.max(history.attempt, job.attempt) };
  return (
    <>
      <div className="head">
        <div>
          <h1>
            {headlineText(state)} {placeholder && <Placeholder>{placeholder}</Placeholder>}
          </h1>
          {ended || <Progress history={seen} job={job} />}
        </div>
        {!ended && mayCancel && <CancelTraining job={job} learning={history.previews.length > 0} />}
      </div>
      {ended && <TrainingEnd job={job} state={state} history={history} concept={concept} />}
      <Warnings warnings={history.warnings} of={state === "succeeded" ? job.concept : null} mayChange={concept?.may_change ?? false} />
      <div className="columns">
        <section className="stack" aria-label="Previews">
          <FilmStrip previews={history.previews} waiting={!ended} />
        </section>
        <section className="stack" aria-label="What it learns from">
          <h2>From these pictures</h2>
          <Problems of={[trained]} />
          <ul className="strip">
            {concept?.pictures.map((picture, place) => (
              <li key={picture.id}>
                <img className="picture" src={picture.url} alt={`Picture ${place + 1} of ${concept.name}`} />
              </li>
            ))}
          </ul>
          {history.points.length > 1 && (
            <>
              <h2>How well it fits</h2>
              <LossCurve points={history.points} />
            </>
          )}
          {ended && concept && (
            <p className="small soft">
              Everything about this word is on <Link href={`/concepts/${concept.id}`}>its own page</Link>.
            </p>
          )}
        </section>
      </div>
    </>
  );
}

function Progress({ history, job }: { history: JobHistory; job: Job }) {
  const done = fractionDone(history.progress);
  return (
    <div className="stack progress">
      <div
        className="meter"
        role="progressbar"
        aria-label="Steps done"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(done * 100)}
      >
        <div style={{ width: `${done * 100}%` }} />
      </div>
      <p className="small soft" role="status">
        {progressText(history, job)}
      </p>
    </div>
  );
}

/** What went not quite right. Below the one that says why the report `of` a version failed, it can be drawn again. */
interface WarningsProps {
  warnings: readonly string[];
  of: Job["concept"];
  mayChange: boolean;
}

function Warnings({ warnings, of, mayChange }: WarningsProps) {
  // eslint-disable-next-line oneword/shown-problem -- without the report only a button is missing here
  const { data: report } = useQuery({ ...reportQuery(of?.id ?? "", of?.version ?? 0), enabled: of !== null && warnings.length > 0 });
  return warnings.map((warning) => (
    <div key={warning} className="notice">
      <p>{warning}</p>
      {of && report?.failed && warning.endsWith(report.failed) && (
        <Redraw concept={{ id: of.id, may_change: mayChange }} number={of.version} jobId={report.job_id} />
      )}
    </div>
  ));
}
