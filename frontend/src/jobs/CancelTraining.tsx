// Stopping a training: keep the best so far, or throw it away. Asked in a window, because one of them cannot be undone.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { queryClient } from "../api/queries";
import type { Job } from "../api/types";
import { Dialog } from "../ui/Dialog";
import { Problems } from "../ui/Notice";

export function CancelTraining({ job, learning }: { job: Job; learning: boolean }) {
  const [asking, setAsking] = useState(false);
  const cancel = useMutation({
    mutationFn: (keep: boolean) =>
      answer(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: job.id } }, body: { keep } })),
    onSuccess: () => {
      setAsking(false);
      return queryClient.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  if (job.cancel !== null) {
    return (
      <p className="soft" role="status">
        {job.cancel === "keep" ? "Stopping, and keeping the best so far…" : "Stopping…"}
      </p>
    );
  }
  return (
    <>
      <button
        type="button"
        className="button"
        onClick={() => {
          setAsking(true);
        }}
      >
        Stop
      </button>
      {asking && (
        <Dialog
          label="Stop this teaching"
          onClose={() => {
            setAsking(false);
          }}
        >
          <div className="stack">
            <h2>Stop here?</h2>
            <p className="soft">
              {learning
                ? "What was learned so far can be kept: the word then means the best that was found."
                : "Nothing was learned yet, so there is nothing to keep."}
            </p>
            <Problems of={[cancel]} />
            <div className="row">
              {learning && (
                <button
                  type="button"
                  className="button primary"
                  disabled={cancel.isPending}
                  onClick={() => {
                    cancel.mutate(true);
                  }}
                >
                  Keep the best so far
                </button>
              )}
              <button
                type="button"
                className="button bad"
                disabled={cancel.isPending}
                onClick={() => {
                  cancel.mutate(false);
                }}
              >
                Discard
              </button>
              <button
                type="button"
                className="button quiet"
                onClick={() => {
                  setAsking(false);
                }}
              >
                Go on teaching
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
