// The stages that were kept, as a strip to look through.
import type { Checkpoint, Report } from "../../api/types";
import { gaugesOf } from "./gauges";

interface CheckpointsProps {
  report: Report;
  shown: Checkpoint;
  onChoose: (step: number) => void;
}

export function Checkpoints({ report, shown, onChoose }: CheckpointsProps) {
  return (
    <ul className="strip wide" data-arrows>
      {report.checkpoints.map((checkpoint) => (
        <li key={checkpoint.step}>
          <button
            type="button"
            className="thumb"
            aria-pressed={checkpoint === shown}
            onClick={() => {
              onChoose(checkpoint.step);
            }}
          >
            <Face checkpoint={checkpoint} />
            <span>
              step {checkpoint.step}
              {checkpoint.chosen && " · chosen"}
            </span>
            <Bars report={report} checkpoint={checkpoint} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Face({ checkpoint }: { checkpoint: Checkpoint }) {
  const drawing = checkpoint.drawings[0];
  if (drawing === undefined) return <span className="picture blank" />;
  return <img className="picture drawn" src={drawing.url} alt={`After ${checkpoint.step} steps`} loading="lazy" />;
}

function Bars({ report, checkpoint }: { report: Report; checkpoint: Checkpoint }) {
  return gaugesOf(report, checkpoint.scores)
    .slice(0, 2)
    .map((gauge) => (
      <span key={gauge.name} className="bar-of" title={`${gauge.name}: ${gauge.said}`}>
        <i style={{ width: `${Math.min(100, Math.max(4, gauge.place * 100))}%` }} />
      </span>
    ));
}
