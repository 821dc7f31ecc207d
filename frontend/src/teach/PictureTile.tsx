// One picture of the tray as it is learned: its square, without what its mask leaves out.
import { useState } from "react";

import type { CheckedPicture } from "../api/types";
import { Icon } from "../ui/Icon";
import { useObjectUrl } from "../ui/useObjectUrl";
import { type Remark, type TeachPicture } from "./pictures";
import { centred, laidOut, type Sides } from "./square";

interface PictureTileProps {
  picture: TeachPicture;
  number: number;
  checked: CheckedPicture | undefined;
  remarks: readonly Remark[];
  onCaption: (caption: string) => void;
  onEdit: () => void;
  onRemove: () => void;
}

export function PictureTile({ picture, number, checked, remarks, onCaption, onEdit, onRemove }: PictureTileProps) {
  const { file, square, caption } = picture;
  const url = useObjectUrl(file);
  const mask = useObjectUrl(picture.mask);
  const [sides, setSides] = useState<Sides | null>(null);
  const layout = sides === null ? undefined : laidOut(square ?? centred(sides), sides);
  return (
    <li className="tile">
      <div className="mat">
        {url && (
          <button type="button" className="framed" data-masked={(checked?.masked ?? false) && mask === null} aria-label={`Adjust ${file.name}`} onClick={onEdit}>
            <img
              src={url}
              alt=""
              style={layout}
              data-ready={layout !== undefined}
              onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => {
                setSides({ width: naturalWidth, height: naturalHeight });
              }}
            />
            {mask && layout && <img className="veil" src={mask} alt="" style={layout} data-ready="true" />}
          </button>
        )}
        <span className="adjust" aria-hidden="true">
          <Icon name="adjust" size={16} />
        </span>
        <button type="button" className="remove" aria-label={`Remove ${file.name}`} onClick={onRemove}>
          <Icon name="close" size={16} />
        </button>
      </div>
      <input
        className="caption"
        aria-label={`What else picture ${number} shows`}
        placeholder="What else is in it?"
        title="What you write here is not learned: “on a wooden table”"
        maxLength={300}
        autoComplete="off"
        value={caption}
        onChange={(event) => {
          onCaption(event.target.value);
        }}
      />
      {remarks.map(({ grave, plain, text }) => (
        <p key={text} className={grave ? "remark grave" : plain ? "remark plain" : "remark"} role={grave ? "alert" : undefined}>
          {text}
        </p>
      ))}
    </li>
  );
}
