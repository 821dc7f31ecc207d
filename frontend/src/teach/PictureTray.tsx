// Where pictures are dropped or chosen, each shown with the square that is learned from and what the studio thinks of it.
import { useQuery } from "@tanstack/react-query";
import { useId, useState, type DragEvent } from "react";

import { pictureCheck } from "../api/queries";
import type { CheckedPicture } from "../api/types";
import { useMe } from "../session/currentUser";
import { useFieldProblem } from "../ui/FormProblem";
import { Icon } from "../ui/Icon";
import { Problems } from "../ui/Notice";
import { useObjectUrl } from "../ui/useObjectUrl";
import { checkFor, cropInPercent, PICTURE_TYPES, remarksOn, withAdded, type Remark } from "./pictures";

interface PictureTrayProps {
  files: readonly File[];
  baseModel: string | null;
  onChange: (files: readonly File[]) => void;
}

export function PictureTray({ files, baseModel, onChange }: PictureTrayProps) {
  const { limits } = useMe();
  const checking = useQuery(pictureCheck(files, baseModel));
  const check = checkFor(files, checking.data);
  const [over, setOver] = useState(false);
  const refusal = useFieldProblem("images");
  // A refusal that names pictures is told below each of them.
  const about = refusal?.pictures?.some(({ index }) => index < files.length) ? null : refusal?.detail;
  // Too few is no fault while somebody is still choosing; the count below says it kindly.
  const tooMany = files.length > limits.pictures_max ? check?.problems[0]?.detail : undefined;

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    onChange(withAdded(files, event.dataTransfer.files));
  }

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
        {files.map((file, place) => (
          <PictureTile
            key={`${file.name} ${file.size} ${file.lastModified}`}
            file={file}
            checked={check?.pictures[place]}
            remarks={remarksOn(place, check?.pictures[place], refusal)}
            onRemove={() => {
              onChange(files.filter((each) => each !== file));
            }}
          />
        ))}
        {files.length < limits.pictures_max && (
          <li className={files.length === 0 ? "adder first" : "adder"}>
            <FileChooser
              empty={files.length === 0}
              onChoose={(chosen) => {
                onChange(withAdded(files, chosen));
              }}
            />
          </li>
        )}
      </ul>
      <p className="small soft" role="status">
        {counted(files.length, limits.pictures_min, limits.pictures_max)}
        {checking.isFetching && " Looking at them…"}
      </p>
      {(about ?? tooMany) && (
        <p className="notice bad" role="alert">
          {about ?? tooMany}
        </p>
      )}
      <Problems of={[checking]} />
    </section>
  );
}

function counted(count: number, fewest: number, most: number): string {
  if (count === 0) return `${fewest} to ${most} pictures. Different views and backgrounds teach more.`;
  if (count < fewest) return `${fewest - count} more at least.`;
  if (count < most) return "Enough to learn from; different views and backgrounds teach more.";
  return "Only the bright squares are learned from.";
}

function FileChooser({ empty, onChoose }: { empty: boolean; onChoose: (files: File[]) => void }) {
  const id = useId();
  return (
    <>
      <input
        id={id}
        className="sr-only"
        type="file"
        multiple
        accept={PICTURE_TYPES}
        onChange={(event) => {
          onChoose([...(event.target.files ?? [])]);
          event.target.value = ""; // the same file may be chosen again after it was removed
        }}
      />
      <label htmlFor={id}>
        <Icon name={empty ? "picture" : "teach"} size={empty ? 34 : 24} />
        <span>{empty ? "Drop pictures here, or choose them" : "Add"}</span>
        {empty && <span className="small soft">JPEG, PNG or WebP, straight from a phone is fine</span>}
      </label>
    </>
  );
}

interface PictureTileProps {
  file: File;
  checked: CheckedPicture | undefined;
  remarks: readonly Remark[];
  onRemove: () => void;
}

function PictureTile({ file, checked, remarks, onRemove }: PictureTileProps) {
  const url = useObjectUrl(file);
  const crop = checked ? cropInPercent(checked) : null;
  const sides = checked?.width && checked.height ? { width: checked.width, height: checked.height } : null;
  return (
    <li className="tile">
      <div className="mat" data-crop={crop !== null}>
        {url && (
          <div
            className={sides && sides.height > sides.width ? "whole tall" : "whole"}
            data-masked={checked?.masked ?? false}
            style={sides ? { aspectRatio: `${sides.width} / ${sides.height}` } : undefined}
          >
            <img src={url} alt={file.name} />
            {crop && <div className="crop" style={crop} />}
          </div>
        )}
        <button type="button" className="remove" aria-label={`Remove ${file.name}`} onClick={onRemove}>
          <Icon name="close" size={16} />
        </button>
      </div>
      {remarks.map(({ grave, plain, text }) => (
        <p key={text} className={grave ? "remark grave" : plain ? "remark plain" : "remark"} role={grave ? "alert" : undefined}>
          {text}
        </p>
      ))}
    </li>
  );
}
