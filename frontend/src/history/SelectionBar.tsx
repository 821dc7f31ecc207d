// What can be done with the selected pictures. It floats at the foot of the page.
import { useMutation } from "@tanstack/react-query";

import { Icon } from "../ui/Icon";
import { Problems } from "../ui/Notice";
import { AT_ONCE, changeBoard, refreshGallery, zipAddress, type Board, type GalleryImage } from "./gallery";

interface SelectionBarProps {
  chosen: readonly GalleryImage[];
  /** The board that is being looked at. */
  board: Board | null;
  mayDraw: boolean;
  deleting: boolean;
  onClear: () => void;
  onCompare: () => void;
  onCollect: () => void;
  onDelete: () => void;
}

export function SelectionBar({ chosen, board, mayDraw, deleting, onClear, onCompare, onCollect, onDelete }: SelectionBarProps) {
  const ids = chosen.map(({ id }) => id);
  const others = chosen.filter((each) => !each.may_change);
  const takeOff = useMutation({
    mutationFn: (from: Board) => changeBoard(from.id, { remove: ids }),
    onSuccess: () => {
      onClear();
      return refreshGallery();
    },
  });
  const whyNot = others.length > 0 ? `${others.length === 1 ? "One of them belongs" : `${others.length} of them belong`} to somebody else.` : undefined;
  return (
    <div className="floating" role="region" aria-label="Selected pictures">
      <p role="status">
        <b>{chosen.length}</b> selected
      </p>
      <div className="row actions">
        {chosen.length === 2 && (
          <button type="button" className="button small" onClick={onCompare}>
            Compare
          </button>
        )}
        {mayDraw && (
          <button type="button" className="button small" onClick={onCollect}>
            Add to a board
          </button>
        )}
        {mayDraw && board && (
          <button type="button" className="button small" disabled={takeOff.isPending} onClick={() => { takeOff.mutate(board); }}>
            Take off {board.name}
          </button>
        )}
        {chosen.length <= AT_ONCE ? (
          <a className="button small" href={zipAddress(ids)} download>
            <Icon name="download" size={16} /> Download
          </a>
        ) : (
          <button type="button" className="button small" disabled title={`A zip of selected pictures holds ${AT_ONCE}.`}>
            <Icon name="download" size={16} /> Download
          </button>
        )}
        {mayDraw && (
          <button type="button" className="button small bad" disabled={deleting || others.length > 0} title={whyNot} onClick={onDelete}>
            Delete
          </button>
        )}
        <button type="button" className="button small quiet" aria-label="Select nothing" onClick={onClear}>
          <Icon name="close" size={16} />
        </button>
      </div>
      <Problems of={[takeOff]} />
    </div>
  );
}
