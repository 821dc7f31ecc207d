// How well one can learn from the pictures, 0 to 100, and what to do better about all of them.
import type { Fault } from "../api/types";
import { scoreText } from "./pictures";

export function TrayScore({ score, advice }: { score: number; advice: readonly Fault[] }) {
  return (
    <div className="score" role="status">
      <p>
        <b>{score}</b>
        <span className="soft"> of 100 – {scoreText(score)}.</span>
      </p>
      <div className="score-scale" data-low={score < 60} aria-hidden="true">
        <span style={{ width: `${score}%` }} />
      </div>
      {advice.map(({ code, detail }) => (
        <p key={code} className="remark">
          {detail}
        </p>
      ))}
    </div>
  );
}
