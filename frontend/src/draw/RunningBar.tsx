// What is being drawn while its row is out of sight, with the way to stop it: always one press away.
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { answer, api } from "../api/client";
import { queryClient } from "../api/queries";
import { Problems } from "../ui/Notice";
import { Prompt } from "../ui/Placeholder";

export interface RunningDrawing {
  jobId: string;
  prompt: string;
}

/** The id of the element that shows a drawing and has its own button to stop it. */
export function rowId(jobId: string): string {
  return `drawing-${jobId}`;
}

export function RunningBar({ drawings }: { drawings: readonly RunningDrawing[] }) {
  const seen = useOnScreen(drawings.map(({ jobId }) => jobId));
  const stop = useMutation({
    mutationFn: (jobIds: readonly string[]) =>
      Promise.all(
        jobIds.map((jobId) =>
          answer(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: jobId } }, body: { keep: false } })),
        ),
      ),
    onSettled: () =>
      Promise.all([queryClient.invalidateQueries({ queryKey: ["generations"] }), queryClient.invalidateQueries({ queryKey: ["jobs"] })]),
  });
  const hidden = drawings.filter(({ jobId }) => !seen.has(jobId));
  const [first] = hidden;
  if (first === undefined) return null;
  return (
    <div className="floating" role="region" aria-label="Being drawn">
      <span className="pulse" aria-hidden="true" />
      <p className="asked-for">
        {hidden.length === 1 ? (
          <>
            Drawing <Prompt>{first.prompt}</Prompt>
          </>
        ) : (
          `${hidden.length} drawings are on their way`
        )}
      </p>
      <button
        type="button"
        className="button small"
        disabled={stop.isPending}
        onClick={() => {
          stop.mutate(hidden.map(({ jobId }) => jobId));
        }}
      >
        {hidden.length === 1 ? "Stop" : "Stop all"}
      </button>
      <Problems of={[stop]} />
    </div>
  );
}

/** Which of the drawings have their row on the screen. */
function useOnScreen(jobIds: readonly string[]): ReadonlySet<string> {
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const key = jobIds.join(" ");
  useEffect(() => {
    if (key === "" || typeof IntersectionObserver === "undefined") return;
    const watch = new IntersectionObserver((entries) => {
      setSeen((before) => {
        const now = new Set(before);
        for (const { target, isIntersecting } of entries) {
          const jobId = target.id.slice(rowId("").length);
          if (isIntersecting) now.add(jobId);
          else now.delete(jobId);
        }
        return now;
      });
    });
    for (const jobId of key.split(" ")) {
      const row = document.getElementById(rowId(jobId));
      if (row !== null) watch.observe(row);
    }
    return () => {
      watch.disconnect();
    };
  }, [key]);
  return seen;
}
