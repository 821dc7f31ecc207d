// One image, large, with its recipe and the actions on it.
import { useEffect, type ReactNode } from "react";

import { recipeOf, type DrawnImage } from "../api/types";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { Prompt } from "../ui/Placeholder";
import { KeepPicture } from "./KeepPicture";

interface LightboxProps {
  images: readonly DrawnImage[];
  shown: DrawnImage;
  mayDraw: boolean;
  mayLetGo: boolean;
  /** The problem of the last action. It is shown in here because the page behind a modal window is out of reach. */
  problem: ReactNode;
  onShow: (image: DrawnImage) => void;
  onClose: () => void;
  onAgain: (image: DrawnImage) => void;
  onVary: (image: DrawnImage) => void;
  onEdit: (image: DrawnImage) => void;
  /** Draws pictures that begin from this one and keep its composition. */
  onVariations?: (image: DrawnImage) => void;
  /** More actions. */
  children?: ReactNode;
}

export function Lightbox({ images, shown, mayDraw, mayLetGo, problem, onShow, onClose, onAgain, onVary, onEdit, onVariations, children }: LightboxProps) {
  const place = images.findIndex((image) => image.id === shown.id);
  const before = images[place - 1];
  const after = images[place + 1];
  const recipe = recipeOf(shown);
  useEffect(() => {
    function press(event: KeyboardEvent) {
      if (event.key === "ArrowLeft" && before) onShow(before);
      if (event.key === "ArrowRight" && after) onShow(after);
    }
    window.addEventListener("keydown", press);
    return () => {
      window.removeEventListener("keydown", press);
    };
  }, [before, after, onShow]);
  return (
    <Dialog label="Picture" className="lightbox" onClose={onClose}>
      <figure>
        <img className="picture drawn" src={shown.url} alt={recipe.prompt} />
      </figure>
      <div className="stack">
        <div className="row between">
          <div className="row">
            <Turn name="before" label="Picture before" to={before} onShow={onShow} />
            <Turn name="after" label="Next picture" to={after} onShow={onShow} />
          </div>
          <button type="button" className="button small quiet" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
        <p className="asked">
          <Prompt>{recipe.prompt}</Prompt>
        </p>
        <dl className="facts">
          {recipe.negative_prompt && <Fact name="Leave out" value={recipe.negative_prompt} />}
          <Fact name="Seed" value={shown.seed} />
          <Fact name="Steps" value={recipe.steps} />
          <Fact name="Guidance" value={recipe.guidance} />
          <Fact name="Scheduler" value={recipe.scheduler} />
          <Fact name="Size" value={`${shown.width} × ${shown.height}`} />
          {recipe.strength !== undefined && (
            <Fact name="Drawn from" value={`a picture${recipe.mask ? ", into a mask" : ""}, strength ${Math.round(recipe.strength * 100)} %`} />
          )}
          <Fact name="Base model" value={recipe.base_model} />
          {recipe.concepts.length > 0 && (
            <Fact name="Words" value={recipe.concepts.map(({ placeholder, version }) => `${placeholder} v${version}`).join(", ")} />
          )}
        </dl>
        <div className="row">
          {mayDraw && (
            <>
              <button
                type="button"
                className="button primary"
                onClick={() => {
                  onVary(shown);
                }}
              >
                Draw more like it
              </button>
              {onVariations && (
                <button
                  type="button"
                  className="button"
                  title="Four pictures that begin from this one: its composition stays"
                  onClick={() => {
                    onVariations(shown);
                  }}
                >
                  Variations
                </button>
              )}
              <button
                type="button"
                className="button"
                onClick={() => {
                  onAgain(shown);
                }}
              >
                Again with this seed
              </button>
              <button
                type="button"
                className="button"
                onClick={() => {
                  onEdit(shown);
                }}
              >
                Edit this
              </button>
            </>
          )}
          {mayDraw && <KeepPicture key={shown.id} image={shown} mayLetGo={mayLetGo} />}
          <a className="button quiet" href={`${shown.url}?download=1`} download>
            <Icon name="download" /> Download
          </a>
          {children}
        </div>
        {problem}
      </div>
    </Dialog>
  );
}

function Turn({ name, label, to, onShow }: { name: "before" | "after"; label: string; to: DrawnImage | undefined; onShow: (image: DrawnImage) => void }) {
  return (
    <button
      type="button"
      className="button small"
      aria-label={label}
      disabled={to === undefined}
      onClick={() => {
        if (to) onShow(to);
      }}
    >
      <Icon name={name} />
    </button>
  );
}

function Fact({ name, value }: { name: string; value: string | number }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
