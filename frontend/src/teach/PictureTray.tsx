// Where pictures are dropped, pasted, taken or chosen, each with the square that is learned from and what the studio
// thinks of it.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useEffectEvent, useState, type DragEvent } from "react";

import type { Kind } from "../api/types";
import { useMe } from "../session/currentUser";
import { useFieldProblem } from "../ui/FormProblem";
import { Problems } from "../ui/Notice";
import { PictureChooser } from "./PictureChooser";
import { pictureCheck } from "./pictureCheck";
import { checkFor, picturesIn, remarksOn, withAdded, type TeachPicture } from "./pictures";
import { PictureTile } from "./PictureTile";
import { TrayScore } from "./TrayScore";

const PictureEditor = lazy(async () => ({ default: (await import("./PictureEditor")).PictureEditor }));

interface PictureTrayProps {
  pictures: readonly TeachPicture[];
  baseModel: string | null;
  kind: Kind;
  onChange: (pictures: readonly TeachPicture[]) => void;
}

export function PictureTray({ pictures, baseModel, kind, onChange }: PictureTrayProps) {
  const { limits } = useMe();
  const checking = useQuery(pictureCheck(pictures, baseModel, kind));
  const check = checkFor(pictures, checking.data);
  const [over, setOver] = useState(false);
  const [edited, setEdited] = useState<number | null>(null);
  const refusal = useFieldProblem("images");
  const refusedEdit = useFieldProblem("edits");
  const refusedMask = useFieldProblem("masks");
  // A refusal that names pictures is told below each of them.
  const about = refusal?.pictures?.some(({ index }) => index < pictures.length) ? null : (refusal ?? refusedEdit ?? refusedMask)?.detail;
  // Too few is no fault while somebody is still choosing; the count below says it kindly.
  const tooMany = pictures.length > limits.pictures_max ? check?.problems[0]?.detail : undefined;

  const paste = useEffectEvent((event: ClipboardEvent) => {
    const pasted = picturesIn(event.clipboardData?.files ?? []);
    if (pasted.length === 0 || edited !== null) return;
    event.preventDefault();
    onChange(withAdded(pictures, pasted));
  });
  useEffect(() => {
    const listen = (event: ClipboardEvent) => {
      paste(event);
    };
    window.addEventListener("paste", listen);
    return () => {
      window.removeEventListener("paste", listen);
    };
  }, []);

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    onChange(withAdded(pictures, event.dataTransfer.files));
  }

  function change(place: number, part: Partial<TeachPicture>) {
    onChange(pictures.map((each, at) => (at === place ? { ...each, ...part } : each)));
  }

  const open = edited === null ? undefined : pictures[edited];
  return (
    <section
      className="tray stack"
      aria-label="Pictures"
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => {
        setOver(false);
      }}
      onDrop={drop}
    >
      <ul className="tiles">
        {pictures.map((picture, place) => (
          <PictureTile
            key={`${picture.file.name} ${picture.file.size} ${picture.file.lastModified}`}
            picture={picture}
            number={place + 1}
            checked={check?.pictures[place]}
            remarks={remarksOn(place, check?.pictures[place], refusal)}
            onCaption={(caption) => {
              change(place, { caption });
            }}
            onEdit={() => {
              setEdited(place);
            }}
            onRemove={() => {
              onChange(pictures.filter((each) => each !== picture));
            }}
          />
        ))}
        {pictures.length < limits.pictures_max && (
          <li className={pictures.length === 0 ? "adder first" : "adder"}>
            <PictureChooser
              empty={pictures.length === 0}
              onChoose={(chosen) => {
                onChange(withAdded(pictures, chosen));
              }}
            />
          </li>
        )}
      </ul>
      <p className="small soft" role="status">
        {counted(pictures.length, limits.pictures_min, limits.pictures_max)}
        {checking.isFetching && " Looking at them…"}
      </p>
      {check?.score != null && pictures.length >= limits.pictures_min && <TrayScore score={check.score} advice={check.advice ?? []} />}
      {(about ?? tooMany) && (
        <p className="notice bad" role="alert">
          {about ?? tooMany}
        </p>
      )}
      <Problems of={[checking]} />
      {open !== undefined && edited !== null && (
        <Suspense fallback={null}>
          <PictureEditor
            picture={open}
            onDone={(part) => {
              change(edited, part);
              setEdited(null);
            }}
            onClose={() => {
              setEdited(null);
            }}
          />
        </Suspense>
      )}
    </section>
  );
}

function counted(count: number, fewest: number, most: number): string {
  if (count === 0) return `${fewest} to ${most} pictures. Different views and backgrounds teach more.`;
  if (count < fewest) return `${fewest - count} more at least.`;
  if (count < most) return "Enough to learn from; different views and backgrounds teach more.";
  return "What you write under a picture is not learned from it.";
}
