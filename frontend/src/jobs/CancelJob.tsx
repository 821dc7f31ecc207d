// Stops one job of the queue. A teaching that has begun is stopped on its own page, where it can be kept.
import { useMutation } from "@tanstack/react-query";
import { Link } from "wouter";

import { answer, api } from "../api/client";
import { queryClient } from "../api/queries";
import type { Job } from "../api/types";
import { Problems } from "../ui/Notice";

export function CancelJob({ job }: { job: Job }) {
  const stop = useMutation({
    mutationFn: () =>
      answer(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: job.id } }, body: { keep: false } })),
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: ["jobs"] }),
        queryClient.invalidateQueries({ queryKey: ["generations"] }),
      ]),
  });
  if (job.kind === "training" && job.state === "running") {
    return (
      <Link className="button small quiet" href={`/jobs/${job.id}`}>
        Watch
      </Link>
    );
  }
  return (
    <>
      <button
        type="button"
        className="button small quiet"
        aria-label={`Cancel ${job.title}`}
        disabled={stop.isPending || job.cancel !== null}
        onClick={() => {
          stop.mutate();
        }}
      >
        Cancel
      </button>
      <Problems of={[stop]} />
    </>
  );
}
