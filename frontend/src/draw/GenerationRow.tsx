// One generation and its images: empty frames first, then latent previews, then the images.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { answer, api } from "../api/client";
import { isProblem, ProblemError } from "../api/problem";
import { isBeingDrawn, job as jobQuery, queryClient } from "../api/queries";
import { hasEnded, type DrawnImage, type Generation } from "../api/types";
import { GridRow } from "../grids/GridRow";
import { isGrid } from "../grids/types";
import { queueText, fractionDone } from "../jobs/jobStatusText";
import { useJobEvents } from "../jobs/useJobEvents";
import { RelativeTime } from "../ui/RelativeTime";
import { ProblemNotice, Problems } from "../ui/Notice";
import { Prompt } from "../ui/Placeholder";
import { thumbnail } from "../ui/thumbnail";
import { DeleteGeneration } from "./DeleteGeneration";
import { rowId } from "./RunningBar";

const SHOWN = 512; // pixels of a picture in the row, which is a quarter of the page wide

interface GenerationRowProps {
  generation: Generation;
  /** Whether to listen to the events of its job. Each listener takes one of the six connections of a browser. */
  live: boolean;
  onOpen: (image: DrawnImage) => void;
}

export function GenerationRow({ generation, live, onOpen }: GenerationRowProps) {
  return isGrid(generation) ? <GridRow grid={generation} /> : <PlainRow generation={generation} live={live} onOpen={onOpen} />;
}

function PlainRow({ generation, live, onOpen }: GenerationRowProps) {
  const drawing = isBeingDrawn(generation);
  const { history } = useJobEvents(drawing && live ? generation.job_id : null);
  const ended = history.state !== null && hasEnded(history.state);
  useEffect(() => {
    if (ended) void queryClient.invalidateQueries({ queryKey: ["generations"] });
  }, [ended]);

  const places = Array.from({ length: generation.count }, (_, index) => ({
    image: generation.images.find((each) => each.index === index),
    early: history.images.find((each) => each.index === index),
    latentPreview: history.latentPreviews.find((each) => each.index === index),
  }));
  return (
    <article className="generation" id={rowId(generation.job_id)} aria-label={generation.prompt}>
      <header className="row">
        <p className="asked">
          <Prompt>{generation.prompt}</Prompt>
        </p>
        <span className="small soft">
          <RelativeTime time={generation.created_at} /> · {generation.created_by.name}
        </span>
        {drawing && generation.may_change && <StopDrawing jobId={generation.job_id} />}
        {!drawing && generation.may_change && <DeleteGeneration generation={generation} />}
      </header>
      {drawing && (
        <div className="meter" role="progressbar" aria-label="Steps done" aria-valuenow={Math.round(fractionDone(history.progress) * 100)}>
          <div style={{ width: `${fractionDone(history.progress) * 100}%` }} />
        </div>
      )}
      {generation.state === "queued" && <Waiting jobId={generation.job_id} />}
      {history.warnings.map((warning) => (
        <p key={warning} className="soft small">
          {warning}
        </p>
      ))}
      {generation.state === "failed" && <Failure jobId={generation.job_id} />}
      {generation.state === "cancelled" && generation.images.length === 0 && <p className="soft small">Stopped before a picture was done.</p>}
      <ul className="drawings">
        {places.map(({ image, early, latentPreview }, index) => {
          if (image !== undefined) {
            return (
              <li key={index}>
                <button
                  type="button"
                  onClick={() => {
                    onOpen(image);
                  }}
                >
                  <img className="picture drawn" src={thumbnail(image, SHOWN)} alt={`${generation.prompt}, picture ${index + 1}`} loading="lazy" />
                </button>
              </li>
            );
          }
          if (early !== undefined) {
            return (
              <li key={index}>
                <img className="picture drawn" src={early.url} alt={`${generation.prompt}, picture ${index + 1}`} />
              </li>
            );
          }
          return drawing ? (
            <li key={index}>
              {latentPreview === undefined ? (
                <div className="picture waiting" />
              ) : (
                <img className="picture drawn latent-preview" src={latentPreview.url} alt={`Picture ${index + 1}, still being drawn`} />
              )}
            </li>
          ) : null;
        })}
      </ul>
    </article>
  );
}

function Waiting({ jobId }: { jobId: string }) {
  const asked = useQuery(jobQuery(jobId));
  const job = asked.data;
  if (job === undefined) return <Problems of={[asked]} />;
  if (job.state !== "queued") return null;
  return (
    <p className="soft small" role="status">
      {queueText(job, new Date())}
    </p>
  );
}

function StopDrawing({ jobId }: { jobId: string }) {
  const stop = useMutation({
    mutationFn: () =>
      answer(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: jobId } }, body: { keep: false } })),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["generations"] }),
  });
  return (
    <>
      <button
        type="button"
        className="button small quiet"
        disabled={stop.isPending || stop.isSuccess}
        onClick={() => {
          stop.mutate();
        }}
      >
        {stop.isSuccess ? "Stopping…" : "Stop"}
      </button>
      <Problems of={[stop]} />
    </>
  );
}

function Failure({ jobId }: { jobId: string }) {
  const asked = useQuery(jobQuery(jobId));
  if (asked.data === undefined) return <Problems of={[asked]} />;
  const { error } = asked.data;
  return isProblem(error) ? <ProblemNotice error={new ProblemError(error)} /> : <p className="notice bad">This could not be drawn. Try again.</p>;
}
