// Two pictures over each other. A slider wipes from one to the other: drag, touch, or arrow keys.
import { useState } from "react";

import { recipeOf } from "../api/types";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { Prompt } from "../ui/Placeholder";
import type { GalleryImage } from "./gallery";

export function CompareDialog({ pictures, onClose }: { pictures: readonly GalleryImage[]; onClose: () => void }) {
  const [swapped, setSwapped] = useState(false);
  const [at, setAt] = useState(50);
  const [left, right] = swapped ? [pictures[1], pictures[0]] : [pictures[0], pictures[1]];
  if (left === undefined || right === undefined) return null;
  const ratio = left.width / left.height;
  return (
    <Dialog label="Compare two pictures" className="compare" onClose={onClose}>
      <div className="row between">
        <h2>Compare</h2>
        <div className="row">
          <button
            type="button"
            className="button small quiet"
            onClick={() => {
              setSwapped(!swapped);
            }}
          >
            Swap
          </button>
          <button type="button" className="button small quiet" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
      </div>
      <div className="wipe" style={{ aspectRatio: `${left.width} / ${left.height}`, width: `min(100%, calc((94dvh - 15rem) * ${ratio}))` }}>
        <img src={right.url} alt={`Right: ${right.prompt}, seed ${right.seed}`} />
        <img src={left.url} alt={`Left: ${left.prompt}, seed ${left.seed}`} style={{ clipPath: `inset(0 ${100 - at}% 0 0)` }} />
        <input
          type="range"
          aria-label="How much of the left picture is shown, in percent"
          min={0}
          max={100}
          step={1}
          value={at}
          onChange={(event) => {
            setAt(Number(event.target.value));
          }}
        />
        <span className="edge" style={{ left: `${at}%` }} aria-hidden="true">
          <span>
            <Icon name="before" size={14} />
            <Icon name="after" size={14} />
          </span>
        </span>
      </div>
      <div className="sides">
        <Side name="Left" picture={left} />
        <Side name="Right" picture={right} />
      </div>
    </Dialog>
  );
}

function Side({ name, picture }: { name: string; picture: GalleryImage }) {
  const recipe = recipeOf(picture);
  return (
    <div className="stack small">
      <p>
        <b>{name}</b> <Prompt>{picture.prompt}</Prompt>
      </p>
      <p className="soft">
        Seed {picture.seed} · {recipe.steps} steps · guidance {recipe.guidance}
      </p>
    </div>
  );
}
