// What the word draws at some of the steps: the newest large, the ones before it as a strip to go back through.
import { useState } from "react";

import { Prompt } from "../ui/Placeholder";
import type { Preview } from "./jobEvents";

export function Previews({ previews, waiting }: { previews: readonly Preview[]; waiting: boolean }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const shown = previews.find((preview) => preview.step === chosen) ?? previews.at(-1);
  if (shown === undefined) {
    return waiting ? (
      <div className="picture waiting" role="status" aria-label="The first preview is on its way" />
    ) : (
      <p className="soft">There are no previews.</p>
    );
  }
  return (
    <>
      <figure className="preview">
        <img className="picture drawn" src={shown.url} alt={`What it draws after ${shown.step} steps`} />
        <figcaption className="small soft">
          <span>
            <Prompt>{shown.prompt}</Prompt>
          </span>
          <span>{shown.step === 0 ? "before the first step" : `after ${shown.step} steps`}</span>
        </figcaption>
      </figure>
      <ul className="strip" aria-label="Previews so far">
        {previews.map((preview) => (
          <li key={preview.step}>
            <button
              type="button"
              className="thumb"
              aria-pressed={preview === shown}
              onClick={() => {
                setChosen(preview.step === previews.at(-1)?.step ? null : preview.step);
              }}
            >
              <img className="picture drawn" src={preview.url} alt={`Step ${preview.step}`} />
              <span aria-hidden="true">{preview.step}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
