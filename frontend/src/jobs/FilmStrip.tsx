// What the word draws at some of the steps: one of them large, all of them as a strip that is scrubbed like a film.
import { useState } from "react";
import { Slider, SliderThumb, SliderTrack } from "react-aria-components/Slider";

import { number } from "../ui/numbers";
import { Prompt } from "../ui/Placeholder";
import type { Preview } from "./jobEvents";

export function FilmStrip({ previews, waiting }: { previews: readonly Preview[]; waiting: boolean }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const newest = previews.at(-1);
  const shown = previews.find((preview) => preview.step === chosen) ?? newest;
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
        <img className="picture drawn" src={shown.url} alt={`What it draws after ${number(shown.step)} steps`} />
        <figcaption className="small soft">
          <span>
            <Prompt>{shown.prompt}</Prompt>
          </span>
          <span aria-live="polite">{shown.step === 0 ? "before the first step" : `after ${number(shown.step)} steps`}</span>
        </figcaption>
      </figure>
      {previews.length > 1 && (
        <Film
          previews={previews}
          shown={shown}
          onShow={(preview) => {
            setChosen(preview === newest ? null : preview.step); // at its end, the film follows what comes
          }}
        />
      )}
    </>
  );
}

interface FilmProps {
  previews: readonly Preview[];
  shown: Preview;
  onShow: (preview: Preview) => void;
}

/** At least two previews. The slider's track runs from the middle of the first frame to that of the last. */
function Film({ previews, shown, onShow }: FilmProps) {
  const frame = 100 / (previews.length - 1); // of the track's width
  return (
    <Slider
      aria-label="Stage of the film"
      className="film"
      style={{ paddingInline: `${50 / previews.length}%` }}
      minValue={1}
      maxValue={previews.length}
      value={previews.indexOf(shown) + 1}
      onChange={(place) => {
        const preview = previews[place - 1];
        if (preview) onShow(preview);
      }}
    >
      <SliderTrack className="film-track">
        <ol className="frames" aria-hidden="true" style={{ marginInline: `-${frame / 2}%` }}>
          {previews.map((preview) => (
            <li key={preview.step}>
              <img className="picture drawn" src={preview.url} alt="" draggable={false} />
              <span>{number(preview.step)}</span>
            </li>
          ))}
        </ol>
        <SliderThumb className="film-thumb" style={{ width: `${frame}%` }} />
      </SliderTrack>
    </Slider>
  );
}
