// The boards of the team, as a row of covers, and the head of the one that is looked at.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { refreshLibrary } from "../bin/refreshLibrary";
import { offerUndo } from "../bin/undo";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { Icon } from "../ui/Icon";
import { Problems } from "../ui/Notice";
import { refreshGallery, type Board } from "./gallery";

interface BoardShelfProps {
  boards: readonly Board[];
  chosen: string | null;
  mayDraw: boolean;
  onChoose: (id: string | null) => void;
}

export function BoardShelf({ boards, chosen, mayDraw, onChoose }: BoardShelfProps) {
  const [naming, setNaming] = useState(false);
  return (
    <div className="board-shelf" role="group" aria-label="Boards">
      <button type="button" className="board-card" aria-pressed={chosen === null} onClick={() => { onChoose(null); }}>
        <span className="cover all" aria-hidden="true">
          <Icon name="picture" />
        </span>
        <span className="name">All pictures</span>
      </button>
      {boards.map((board) => (
        <button key={board.id} type="button" className="board-card" aria-pressed={chosen === board.id} onClick={() => { onChoose(board.id); }}>
          <Cover board={board} />
          <span className="name">
            {board.name} <span className="soft">{board.pictures}</span>
          </span>
        </button>
      ))}
      {mayDraw && (
        <button type="button" className="board-card" onClick={() => { setNaming(true); }}>
          <span className="cover all" aria-hidden="true">
            <Icon name="teach" />
          </span>
          <span className="name">New board</span>
        </button>
      )}
      {naming && <NameBoard board={null} onDone={(board) => { onChoose(board.id); }} onClose={() => { setNaming(false); }} />}
    </div>
  );
}

export function Cover({ board }: { board: Board }) {
  const pictures = board.cover.length >= 4 ? board.cover.slice(0, 4) : board.cover.slice(0, 1);
  return (
    <span className="cover" data-pictures={pictures.length}>
      {pictures.map((url) => (
        <img key={url} src={`${url}?format=webp&width=160`} alt="" loading="lazy" />
      ))}
    </span>
  );
}

/** The name of the board, and what can be done with all of it. */
export function BoardHead({ board, onGone }: { board: Board; onGone: () => void }) {
  const [naming, setNaming] = useState(false);
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE("/api/boards/{board_id}", { params: { path: { board_id: board.id } } })),
    onSuccess: () => {
      offerUndo({ id: board.id, kind: "board", label: board.name });
      onGone();
      return refreshLibrary();
    },
  });
  return (
    <div className="row between board-head">
      <h2>{board.name}</h2>
      <div className="row">
        {board.pictures > 0 && (
          <a className="button small quiet" href={`/api/images.zip?board=${board.id}`} download>
            <Icon name="download" size={16} /> Download all
          </a>
        )}
        {board.may_change && (
          <>
            <button type="button" className="button small quiet" onClick={() => { setNaming(true); }}>
              Rename
            </button>
            <button type="button" className="button small quiet bad" disabled={remove.isPending} onClick={() => { remove.mutate(); }}>
              Delete the board
            </button>
          </>
        )}
      </div>
      <Problems of={[remove]} />
      {naming && <NameBoard board={board} onDone={() => undefined} onClose={() => { setNaming(false); }} />}
    </div>
  );
}

/** Asks for the name of a new board, or for another name of a board. */
function NameBoard({ board, onDone, onClose }: { board: Board | null; onDone: (board: Board) => void; onClose: () => void }) {
  const [name, setName] = useState(board?.name ?? "");
  const save = useMutation({
    mutationFn: () =>
      answer(
        board === null
          ? api.POST("/api/boards", { body: { name } })
          : api.PATCH("/api/boards/{board_id}", { params: { path: { board_id: board.id } }, body: { name } }),
      ),
    onSuccess: (saved) => {
      onClose();
      onDone(saved);
      return refreshGallery();
    },
  });
  return (
    <Dialog label={board === null ? "New board" : "Rename the board"} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <h2>{board === null ? "A new board" : "Rename the board"}</h2>
        <FormProblem error={save.error}>
          <Field label="Name" name="name" hint="The whole team sees it.">
            {(control) => (
              <input
                {...control}
                maxLength={80}
                value={name}
                onChange={(event) => {
                  setName(event.target.value);
                }}
              />
            )}
          </Field>
          <FormNotice />
          <div className="row">
            <button className="button primary" disabled={name.trim() === "" || save.isPending}>
              {board === null ? "Make it" : "Rename"}
            </button>
            <button type="button" className="button quiet" onClick={onClose}>
              Cancel
            </button>
          </div>
        </FormProblem>
      </form>
    </Dialog>
  );
}
