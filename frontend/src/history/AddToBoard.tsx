// Puts pictures on boards: an existing one by its name, or a new one.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { Problems } from "../ui/Notice";
import { Cover } from "./Boards";
import { changeBoard, refreshGallery, type Board, type GalleryImage } from "./gallery";

interface AddToBoardProps {
  images: readonly GalleryImage[];
  boards: readonly Board[];
  onClose: () => void;
}

export function AddToBoard({ images, boards, onClose }: AddToBoardProps) {
  const [name, setName] = useState("");
  const ids = images.map(({ id }) => id);
  const toggle = useMutation({
    mutationFn: ({ board, on }: { board: Board; on: boolean }) => changeBoard(board.id, on ? { remove: ids } : { add: ids }),
    onSuccess: refreshGallery,
  });
  const make = useMutation({
    mutationFn: async () => {
      const board = await answer(api.POST("/api/boards", { body: { name } }));
      await changeBoard(board.id, { add: ids });
    },
    onSuccess: () => {
      setName("");
      return refreshGallery();
    },
  });
  return (
    <Dialog label="Boards" onClose={onClose}>
      <div className="stack">
        <h2>{ids.length === 1 ? "Add to a board" : `Add ${ids.length} pictures to a board`}</h2>
        {boards.length > 0 && (
          <ul className="board-list">
            {boards.map((board) => {
              const on = images.every((image) => image.board_ids.includes(board.id));
              return (
                <li key={board.id}>
                  <button
                    type="button"
                    aria-pressed={on}
                    disabled={toggle.isPending}
                    onClick={() => {
                      toggle.mutate({ board, on });
                    }}
                  >
                    <Cover board={board} />
                    <span className="grow">
                      {board.name} <span className="soft small">{board.pictures}</span>
                    </span>
                    {on && <Icon name="check" />}
                  </button>
                </li>
              );
            })}
          </ul>
        )}
        <form
          className="row new-board"
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate();
          }}
        >
          <input
            aria-label="Name of a new board"
            placeholder="A new board"
            maxLength={80}
            value={name}
            onChange={(event) => {
              setName(event.target.value);
            }}
          />
          <button className="button" disabled={name.trim() === "" || make.isPending}>
            Make it
          </button>
        </form>
        <Problems of={[toggle, make]} />
        <div className="row">
          <button type="button" className="button primary" onClick={onClose}>
            Done
          </button>
        </div>
      </div>
    </Dialog>
  );
}
