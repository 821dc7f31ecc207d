// The picture that a generation starts from (img2img), its inpainting mask, and the strength.
import { useState } from "react";

import { Field, FieldFault } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { useObjectUrl } from "../ui/useObjectUrl";
import { MaskBoard } from "./MaskBoard";
import { addressOf, strengthText, marksAnything, strengthOf, type Picture, type InitImage } from "./initImage";

interface InitImagePanelProps {
  initImage: InitImage;
  onChange: (initImage: InitImage | null) => void;
}

export function InitImagePanel({ initImage, onChange }: InitImagePanelProps) {
  const source = useSource(initImage.picture);
  const [lost, setLost] = useState(false);
  const masked = marksAnything(initImage.mask);
  const strength = strengthOf(initImage);
  return (
    <section className="start" aria-label="Start from a picture">
      {source !== null && (
        <MaskBoard
          key={source}
          source={source}
          mask={initImage.mask}
          onMask={(mask) => {
            onChange({ ...initImage, mask });
          }}
          onLost={() => {
            setLost(true);
          }}
        />
      )}
      <div className="about stack roomy">
        <div className="row between">
          <h2>Start from this picture</h2>
          <button
            type="button"
            className="button small quiet"
            aria-label="Start without a picture"
            onClick={() => {
              onChange(null);
            }}
          >
            <Icon name="close" />
          </button>
        </div>
        <p className="soft small">
          {masked
            ? "What you marked is drawn anew. Everything else stays, to the pixel."
            : "All of it is drawn again. Paint on it to have only that part drawn anew."}
        </p>
        <Field
          label={
            <>
              Strength <span className="soft">{Math.round(strength * 100)} %</span>
            </>
          }
          hint={strengthText(strength)}
          name="strength"
        >
          {(control) => (
            <input
              {...control}
              type="range"
              min={5}
              max={masked ? 100 : 95}
              step={5}
              value={Math.round(strength * 100)}
              onChange={(event) => {
                onChange({ ...initImage, strength: Number(event.target.value) / 100 });
              }}
            />
          )}
        </Field>
        <FieldFault name="init_image" />
        <FieldFault name="mask" />
        {lost && (
          <p className="fault" role="alert">
            This picture cannot be shown. Choose it again, or another one.
          </p>
        )}
      </div>
    </section>
  );
}

/** An address for a picture, whether it is a file at hand or one that the studio has. */
function useSource(picture: Picture): string | null {
  const local = useObjectUrl(picture.kind === "file" ? picture.file : null);
  return picture.kind === "file" ? local : addressOf(picture);
}
