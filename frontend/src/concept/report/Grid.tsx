// Prompts across, seeds down: what the word draws, and below what the plain word draws from the same noise.
import type { Checkpoint, Concept, Report } from "../../api/types";
import { Placeholder, Prompt } from "../../ui/Placeholder";

type Drawings = Checkpoint["drawings"];

export function Grid({ concept, report, shown }: { concept: Concept; report: Report; shown: Checkpoint }) {
  const initializer = report.initializer;
  if (shown.drawings.length === 0) return <p className="small soft">Nothing was drawn at this stage.</p>;
  return (
    <div className="grid-scroll" tabIndex={0} role="region" aria-label="Drawings of the report">
      <table className="grid">
        <thead>
          <tr>
            {report.prompts.map((prompt) => (
              <th key={prompt} scope="col">
                <Prompt>{prompt}</Prompt>
              </th>
            ))}
          </tr>
        </thead>
        <Rows drawings={shown.drawings} prompts={report.prompts} />
        {initializer && initializer.drawings.length > 0 && (
          <>
            <tbody>
              <tr>
                <td className="small soft" colSpan={report.prompts.length}>
                  The same with “{initializer.text}” in place of <Placeholder>{concept.placeholder}</Placeholder>
                </td>
              </tr>
            </tbody>
            <Rows
              drawings={initializer.drawings.filter((drawing) => drawing.seed === 0)}
              prompts={report.prompts.map((prompt) => prompt.replace(concept.placeholder, initializer.text))}
            />
          </>
        )}
      </table>
    </div>
  );
}

function Rows({ drawings, prompts }: { drawings: Drawings; prompts: readonly string[] }) {
  const every = [...new Set(drawings.map((drawing) => drawing.seed))].sort((one, other) => one - other);
  // Stages that were passed over drew one row, and the plain prompt once more to be judged by.
  const whole = every.filter((seed) => drawings.filter((drawing) => drawing.seed === seed).length >= prompts.length);
  const seeds = whole.length > 0 ? whole : every;
  return (
    <tbody>
      {seeds.map((seed) => (
        <tr key={seed}>
          {prompts.map((prompt, place) => {
            const drawing = drawings.find((each) => each.seed === seed && each.prompt === place);
            return (
              <td key={prompt}>
                {drawing && <img className="picture drawn" src={drawing.url} alt={`${prompt}, seed ${seed}`} loading="lazy" />}
              </td>
            );
          })}
        </tr>
      ))}
    </tbody>
  );
}
