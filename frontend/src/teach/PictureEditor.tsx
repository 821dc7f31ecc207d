// A picture before it is learned: its square is moved, zoomed and turned, and what is not the subject is left out.
import { useState } from "react";

import { Dialog } from "../ui/Dialog";
import { useObjectUrl } from "../ui/useObjectUrl";
import { LeaveOutBoard } from "./LeaveOutBoard";
import type { TeachPicture } from "./pictures";
import { centred, isCentred, rounded, type Sides, type Square } from "./square";
import { SquareBoard } from "./SquareBoard";

type Part = Pick<TeachPicture, "square" | "mask">;

interface PictureEditorProps {
  picture: TeachPicture;
  onDone: (part: Part) => void;
  onClose: () => void;
}

export function PictureEditor({ picture, onDone, onClose }: PictureEditorProps) {
  const url = useObjectUrl(picture.file);
  const [sides, setSides] = useState<Sides | null>(null);
  return (
    <Dialog label={`Adjust ${picture.file.name}`} className="picture-editor" onClose={onClose}>
      {url && sides === null && (
        <img
          className="sr-only"
          src={url}
          alt=""
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => {
            setSides({ width: naturalWidth, height: naturalHeight });
          }}
          onError={onClose}
        />
      )}
      {url && sides !== null && <Boards url={url} sides={sides} picture={picture} onDone={onDone} onClose={onClose} />}
    </Dialog>
  );
}

function Boards({ url, sides, picture, onDone, onClose }: PictureEditorProps & { url: string; sides: Sides }) {
  const [board, setBoard] = useState<"square" | "mask">("square");
  const [square, setSquare] = useState<Square>(picture.square ?? centred(sides));
  const [mask, setMask] = useState(picture.mask);
  return (
    <div className="stack">
      <div className="chips" role="group" aria-label="What to change">
        {(["square", "mask"] as const).map((each) => (
          <button
            key={each}
            type="button"
            className="chip"
            aria-pressed={board === each}
            onClick={() => {
              setBoard(each);
            }}
          >
            {each === "square" ? "The square" : "What is left out"}
          </button>
        ))}
      </div>
      {board === "square" ? (
        <SquareBoard url={url} sides={sides} square={square} mask={mask} onChange={setSquare} />
      ) : (
        <LeaveOutBoard url={url} sides={sides} file={picture.file} square={square} mask={mask} onChange={setMask} />
      )}
      <div className="row">
        <button
          type="button"
          className="button primary"
          onClick={() => {
            onDone({ square: isCentred(square, sides) ? null : rounded(square), mask });
          }}
        >
          Done
        </button>
        <button type="button" className="button quiet" onClick={onClose}>
          Cancel
        </button>
      </div>
    </div>
  );
}
