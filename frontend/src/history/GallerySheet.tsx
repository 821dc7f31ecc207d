// The sheet of pictures. Click opens one; the tick, Shift, Space, Ctrl+A or a long press selects; arrows move.
import { CheckboxButton, CheckboxField, GridList, GridListItem } from "react-aria-components";

import { Icon } from "../ui/Icon";
import { thumbnail } from "../ui/thumbnail";
import type { GalleryImage } from "./gallery";

const SHOWN = 320; // a tile is up to 160 px wide, on a screen with two pixels in each

interface GallerySheetProps {
  pictures: readonly GalleryImage[];
  selected: ReadonlySet<string>;
  onSelected: (ids: ReadonlySet<string>) => void;
  onOpen: (picture: GalleryImage) => void;
  onDelete: () => void;
}

export function GallerySheet({ pictures, selected, onSelected, onOpen, onDelete }: GallerySheetProps) {
  if (pictures.length === 0) return null;
  return (
    <div
      onKeyDown={(event) => {
        if (event.key === "Delete" || event.key === "Backspace") onDelete();
      }}
    >
      <GridList
        aria-label="Pictures"
        layout="grid"
        className="gallery"
        data-selecting={selected.size > 0 || undefined}
        items={pictures}
        selectionMode="multiple"
        selectedKeys={selected}
        onSelectionChange={(keys) => {
          // The set itself goes back to the list: it also remembers where a range began.
          onSelected(keys === "all" ? new Set(pictures.map(({ id }) => id)) : (keys as ReadonlySet<string>));
        }}
        onAction={(key) => {
          const picture = pictures.find(({ id }) => id === key);
          if (picture) onOpen(picture);
        }}
      >
        {(picture) => (
          <GridListItem id={picture.id} textValue={picture.prompt} className="gallery-tile">
            <img src={thumbnail(picture, SHOWN)} alt="" loading="lazy" decoding="async" draggable={false} />
            {picture.kept && (
              <span className="kept">
                <Icon name="star" size={14} />
                <span className="sr-only">Kept</span>
              </span>
            )}
            <CheckboxField slot="selection" className="ticking">
              <CheckboxButton className="tick">
                <Icon name="check" size={14} />
              </CheckboxButton>
            </CheckboxField>
          </GridListItem>
        )}
      </GridList>
    </div>
  );
}
