// Three lines, each with a mark where the word stands between the plain word and the pictures.
import type { Report, Scores } from "../../api/types";
import { gaugesOf } from "./gauges";

export function Gauges({ report, scores }: { report: Report; scores: Scores | null }) {
  const gauges = gaugesOf(report, scores);
  if (gauges.length === 0) {
    return (
      <p className="small soft">
        {report.scorer === null
          ? "There are drawings and no scores: this base model brings nothing that could judge them. An administrator can name a scorer in the settings."
          : "This stage was not scored."}
      </p>
    );
  }
  return (
    <ul className="gauges">
      {gauges.map((gauge) => (
        <li key={gauge.name} className="gauge" title={gauge.detail}>
          <p className="small soft">{gauge.question}</p>
          <p className={gauge.grave ? "verdict grave" : "verdict"}>{gauge.said}</p>
          <div className="scale" role="img" aria-label={`${gauge.name}: ${gauge.said} (${gauge.detail})`}>
            <i style={{ left: `${Math.min(100, Math.max(0, gauge.place * 100))}%` }} />
          </div>
          <p className="ends small soft" aria-hidden="true">
            <span>{gauge.low}</span>
            <span>{gauge.high}</span>
          </p>
        </li>
      ))}
    </ul>
  );
}
