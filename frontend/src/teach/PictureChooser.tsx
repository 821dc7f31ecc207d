// Files from the device; on a phone its camera too.
import { useId } from "react";

import { Icon } from "../ui/Icon";
import { PICTURE_TYPES } from "./pictures";

export function PictureChooser({ empty, onChoose }: { empty: boolean; onChoose: (files: File[]) => void }) {
  const id = useId();
  return (
    <>
      <FileInput id={id} onChoose={onChoose} />
      <label htmlFor={id} className="choose">
        <Icon name={empty ? "picture" : "teach"} size={empty ? 34 : 24} />
        <span>{empty ? "Drop pictures here, or choose them" : "Add"}</span>
        {empty && <span className="small soft">JPEG, PNG or WebP, straight from a phone is fine. Pasting works too.</span>}
      </label>
      <FileInput id={`${id}-camera`} camera onChoose={onChoose} />
      <label htmlFor={`${id}-camera`} className="camera">
        <Icon name="camera" size={20} />
        <span>{empty ? "Take a picture" : "Camera"}</span>
      </label>
    </>
  );
}

function FileInput({ id, camera = false, onChoose }: { id: string; camera?: boolean; onChoose: (files: File[]) => void }) {
  return (
    <input
      id={id}
      className={camera ? "sr-only by-camera" : "sr-only"}
      type="file"
      multiple={!camera}
      accept={PICTURE_TYPES}
      capture={camera ? "environment" : undefined}
      onChange={(event) => {
        onChoose([...(event.target.files ?? [])]);
        event.target.value = ""; // the same file may be chosen again after it was removed
      }}
    />
  );
}
