// What a version can do: three gauges, what it draws beside the plain word, and the checkpoints to choose from.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../../api/client";
import { queryClient, report as reportQuery } from "../../api/queries";
import type { Checkpoint, Concept, Report } from "../../api/types";
import { ProblemNotice, Problems } from "../../ui/Notice";
import { Checkpoints } from "./Checkpoints";
import { Gauges } from "./Gauges";
import { Grid } from "./Grid";
import { Redraw } from "./Redraw";

export function ReportSection({ concept, number }: { concept: Concept; number: number }) {
  const { data: report, error } = useQuery(reportQuery(concept.id, number));
  if (report === undefined) return error === null ? null : <ProblemNotice error={error} />;
  return <Known concept={concept} report={report} />;
}

/** Of a version whose report nothing is left of. */
export function NoReport({ concept, number }: { concept: Concept; number: number }) {
  return (
    <section className="report stack" aria-label="How well it was learned">
      <h2>How well it was learned</h2>
      <div className="notice">
        <p>There is no report of this version, which does not mean that it is worse.</p>
        <Redraw concept={concept} number={number} jobId={null} />
      </div>
    </section>
  );
}

function Known({ concept, report }: { concept: Concept; report: Report }) {
  const chosen = report.checkpoints.find((checkpoint) => checkpoint.chosen);
  const [step, setStep] = useState<number | null>(null);
  const shown = report.checkpoints.find((checkpoint) => checkpoint.step === step) ?? chosen;
  if (shown === undefined) return null;
  return (
    <section className="report stack" aria-label="How well it was learned">
      <h2>
        How well it was learned
        {concept.version_count > 1 && <span className="soft"> · version {report.version}</span>}
      </h2>
      {report.failed === null ? (
        <>
          <Gauges report={report} scores={shown.scores} />
          <Grid concept={concept} report={report} shown={shown} />
        </>
      ) : (
        <div className="notice">
          <p>Its report could not be drawn; the word itself is fine. {report.failed}</p>
          <Redraw concept={concept} number={report.version} jobId={report.job_id} />
        </div>
      )}
      {report.checkpoints.length > 1 && (
        <div className="stack tight">
          <h3>On the way there</h3>
          <p className="small soft">
            {report.scorer === null
              ? "These stages of learning were kept. Any of them can be what the word means."
              : "These stages of learning were kept, and compared by likeness (upper bar) and obedience (lower bar). Any of them can be what the word means."}
          </p>
          <Checkpoints report={report} shown={shown} onChoose={setStep} />
          <UseThis concept={concept} report={report} shown={shown} />
        </div>
      )}
    </section>
  );
}

function UseThis({ concept, report, shown }: { concept: Concept; report: Report; shown: Checkpoint }) {
  const mayChange = concept.may_change;
  const use = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/api/concepts/{concept_id}/versions/{number}/checkpoints/{step}", {
          params: { path: { concept_id: concept.id, number: report.version, step: shown.step } },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["concepts"] }),
  });
  if (!mayChange || shown.chosen) return null;
  return (
    <div className="row">
      <button
        type="button"
        className="button"
        disabled={use.isPending}
        onClick={() => {
          use.mutate();
        }}
      >
        Use step {shown.step}
      </button>
      <span className="small soft">It becomes a version of its own; this one stays.</span>
      <Problems of={[use]} />
    </div>
  );
}
