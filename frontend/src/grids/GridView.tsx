// One grid under its own address: the table, live while it is drawn, and what can be done with all of it.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";

import { answer, api } from "../api/client";
import { isBeingDrawn, job as jobQuery, queryClient } from "../api/queries";
import { hasEnded, type DrawnImage } from "../api/types";
import { isProblem, ProblemError } from "../api/problem";
import { DeleteGeneration } from "../draw/DeleteGeneration";
import { Lightbox } from "../draw/Lightbox";
import { queueText } from "../jobs/jobStatusText";
import { useJobEvents } from "../jobs/useJobEvents";
import { useMayChange } from "../session/currentUser";
import { Icon } from "../ui/Icon";
import { ProblemNotice, Problems } from "../ui/Notice";
import { RelativeTime } from "../ui/RelativeTime";
import { Prompt } from "../ui/Placeholder";
import { grid as gridQuery } from "./gridQueries";
import { AXIS_NAMES, severalOf, tableOf } from "./gridTable";
import { AxisValue, GridTable } from "./GridTable";
import { isGrid, type Grid } from "./types";

export function GridView({ id }: { id: string }) {
  const asked = useQuery(gridQuery(id));
  if (asked.isError) return <ProblemNotice error={asked.error} />;
  if (asked.data === undefined || !isGrid(asked.data)) return null;
  return <Shown grid={asked.data} />;
}

function Shown({ grid }: { grid: Grid }) {
  const mayDraw = useMayChange();
  const [, navigate] = useLocation();
  const columns = new URLSearchParams(useSearch()).get("columns");
  const drawing = isBeingDrawn(grid);
  const { history } = useJobEvents(drawing ? grid.job_id : null);
  const [shown, setShown] = useState<DrawnImage | null>(null);
  const ended = history.state !== null && hasEnded(history.state);
  useEffect(() => {
    if (ended) void queryClient.invalidateQueries({ queryKey: ["generations"] });
  }, [ended]);
  const done = new Set([...grid.images, ...history.images].map((image) => image.index)).size;
  const table = tableOf(grid.grid.axes, columns);
  return (
    <>
      <div className="head">
        <div>
          <p className="small soft">
            <Link href="/grids">Grids</Link>
          </p>
          <h1>
            <Prompt>{grid.prompt}</Prompt>
          </h1>
          <p className="small soft">
            {grid.count} pictures · <RelativeTime time={grid.created_at} /> · {grid.created_by.name}
          </p>
        </div>
      </div>
      <Tools grid={grid} columns={columns} done={done} mayDraw={mayDraw} />
      {drawing && (
        <div className="meter" role="progressbar" aria-label="Pictures done" aria-valuenow={done} aria-valuemax={grid.count}>
          <div style={{ width: `${(done / grid.count) * 100}%` }} />
        </div>
      )}
      <State grid={grid} done={done} />
      {history.warnings.map((warning) => (
        <p key={warning} className="soft small">
          {warning}
        </p>
      ))}
      <div className="row grid-axes">
        {severalOf(grid.grid.axes).length > 1 && (
          <div className="chips" role="group" aria-label="What runs across">
            <span className="small soft">Across</span>
            {severalOf(grid.grid.axes).map((axis) => (
              <button
                key={axis.name}
                type="button"
                className="chip"
                aria-pressed={table.across === axis}
                onClick={() => {
                  navigate(`/grids/${grid.id}?columns=${axis.name}`, { replace: true });
                }}
              >
                {AXIS_NAMES[axis.name]}
              </button>
            ))}
          </div>
        )}
        {table.fixed.length > 0 && (
          <p className="small soft fixed">
            {table.fixed.map((axis) => (
              <span key={axis.name}>
                <AxisValue axis={axis} value={axis.values[0] ?? ""} />
              </span>
            ))}
          </p>
        )}
      </div>
      <GridTable grid={grid} table={table} drawing={drawing} early={history.images} previews={history.latentPreviews} onOpen={setShown} />
      {shown && (
        <Lightbox
          images={grid.images}
          shown={shown}
          mayDraw={mayDraw}
          mayLetGo={grid.may_change}
          problem={null}
          onShow={setShown}
          onClose={() => {
            setShown(null);
          }}
          onAgain={(image) => {
            navigate(`/draw?again=${image.id}`);
          }}
          onVary={(image) => {
            navigate(`/draw?vary=${image.id}`);
          }}
          onEdit={(image) => {
            navigate(`/draw?edit=${image.id}`);
          }}
        />
      )}
    </>
  );
}

interface ToolsProps {
  grid: Grid;
  columns: string | null;
  done: number;
  mayDraw: boolean;
}

function Tools({ grid, columns, done, mayDraw }: ToolsProps) {
  const drawing = isBeingDrawn(grid);
  const settled = () => queryClient.invalidateQueries({ queryKey: ["generations"] });
  const stop = useMutation({
    mutationFn: () => answer(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: grid.job_id } }, body: { keep: false } })),
    onSettled: settled,
  });
  const resume = useMutation({
    mutationFn: () => answer(api.POST("/api/grids/{grid_id}/resume", { params: { path: { grid_id: grid.id } } })),
    onSettled: settled,
  });
  const across = columns === null ? "" : `&columns=${encodeURIComponent(columns)}`;
  const left = grid.count - done;
  return (
    <div className="row grid-tools">
      {drawing && grid.may_change && (
        <button
          type="button"
          className="button"
          disabled={stop.isPending}
          onClick={() => {
            stop.mutate();
          }}
        >
          Stop, and keep what is drawn
        </button>
      )}
      {!drawing && left > 0 && grid.may_change && (
        <button
          type="button"
          className="button primary"
          disabled={resume.isPending}
          onClick={() => {
            resume.mutate();
          }}
        >
          Draw the other {left}
        </button>
      )}
      <a className="button" href={`/api/grids/${grid.id}/picture?download=1${across}`} download>
        <Icon name="download" /> As one picture
      </a>
      <a className="button" href={`/api/grids/${grid.id}/archive`} download>
        <Icon name="download" /> Zip
      </a>
      {mayDraw && (
        <Link className="button quiet" href={`/draw?grid=${grid.id}`}>
          Change and draw again
        </Link>
      )}
      {!drawing && grid.may_change && <DeleteGeneration generation={grid} />}
      <Problems of={[stop, resume]} />
    </div>
  );
}

function State({ grid, done }: { grid: Grid; done: number }) {
  const asked = useQuery({ ...jobQuery(grid.job_id), enabled: grid.state === "queued" || grid.state === "failed" });
  if (grid.state === "running") {
    return (
      <p className="small soft" role="status">
        {done} of {grid.count} drawn
      </p>
    );
  }
  if (grid.state === "cancelled") return <p className="small soft">Stopped after {done} of {grid.count} pictures.</p>;
  if (asked.data === undefined) return <Problems of={[asked]} />;
  if (grid.state === "queued") {
    return (
      <p className="small soft" role="status">
        {asked.data.state === "queued" ? queueText(asked.data, new Date()) : "It begins."}
      </p>
    );
  }
  const { error } = asked.data;
  return grid.state === "failed" && isProblem(error) ? <ProblemNotice error={new ProblemError(error)} /> : null;
}
