// A report that could not be drawn has a second chance: a button, and what becomes of it. The sentence that says why
// stands beside it, wherever it is.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { answer, api, newIdempotencyKey } from "../../api/client";
import { isProblem } from "../../api/problem";
import { job as jobQuery, queryClient } from "../../api/queries";
import { hasEnded } from "../../api/types";
import { Problems } from "../../ui/Notice";

interface RedrawProps {
  concept: { id: string; may_change: boolean };
  number: number;
  /** The job that draws it already. */
  jobId: string | null;
}

export function Redraw({ concept, number, jobId }: RedrawProps) {
  const [asked, setAsked] = useState<string | null>(null);
  const watched = asked ?? jobId;
  const followed = useQuery({ ...jobQuery(watched ?? ""), enabled: watched !== null });
  const job = followed.data;
  const redraw = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/api/concepts/{concept_id}/versions/{number}/report", {
          params: { path: { concept_id: concept.id, number }, header: { "Idempotency-Key": newIdempotencyKey() } },
        }),
      ),
    onSuccess: ({ job }) => {
      setAsked(job.id);
    },
  });
  const ended = job !== undefined && hasEnded(job.state);

  useEffect(() => {
    if (ended) void queryClient.invalidateQueries({ queryKey: ["concepts"] });
  }, [ended]);

  if (followed.isLoadingError) return <Problems of={[followed]} />;
  if (watched !== null && (!ended || job.state === "succeeded")) {
    return (
      <p className="small soft" role="status">
        {job?.state === "queued" ? "It is drawn again as soon as a worker is free." : "It is being drawn again…"}
      </p>
    );
  }
  return (
    <>
      {job?.state === "failed" && (
        <p role="status">It could not be drawn this time either. {isProblem(job.error) ? job.error.detail : ""}</p>
      )}
      {concept.may_change && (
        <div className="row">
          <button
            type="button"
            className="button"
            disabled={redraw.isPending}
            onClick={() => {
              redraw.mutate();
            }}
          >
            Draw the report again
          </button>
        </div>
      )}
      <Problems of={[redraw]} />
    </>
  );
}
