// The prompt, with completion of the library's words: type "<", or press a word below.
import { useId, useRef, useState, type KeyboardEvent } from "react";
import { flushSync } from "react-dom";

import type { Concept } from "../api/types";
import { useFieldProblem } from "../ui/FormProblem";
import { Placeholder } from "../ui/Placeholder";
import { piecesOf, withoutWord } from "./promptPieces";
import { completed, inserted, matches, openingAt, type Opening } from "./completion";

interface PromptBoxProps {
  value: string;
  concepts: readonly Concept[];
  onChange: (text: string) => void;
  onSubmit: () => void;
}

const SHELF = 10;

export function PromptBox({ value, concepts, onChange, onSubmit }: PromptBoxProps) {
  const id = useId();
  const fault = useFieldProblem("prompt")?.detail;
  const box = useRef<HTMLTextAreaElement>(null);
  const [opening, setOpening] = useState<Opening | null>(null);
  const [active, setActive] = useState(0);
  const offered = opening === null ? [] : matches(concepts, opening.letters);

  function look() {
    const area = box.current;
    setOpening(area === null ? null : openingAt(area.value, area.selectionStart));
    setActive(0);
  }

  function put({ text, caret }: { text: string; caret: number }) {
    // At once, not in the next frame: the caret would move between two letters of somebody who types on.
    flushSync(() => {
      onChange(text);
      setOpening(null);
    });
    box.current?.focus();
    box.current?.setSelectionRange(caret, caret);
  }

  function choose(concept: Concept | undefined) {
    if (opening !== null && concept !== undefined) put(completed(value, opening, concept.placeholder));
  }

  function press(event: KeyboardEvent) {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      onSubmit();
    } else if (event.key === "Backspace" && !event.metaKey && !event.altKey && !event.ctrlKey && offered.length === 0) {
      const area = box.current;
      const without = area !== null && area.selectionStart === area.selectionEnd ? withoutWord(value, area.selectionStart) : null;
      if (without === null) return;
      event.preventDefault();
      put(without);
    } else if (offered.length > 0 && ["ArrowDown", "ArrowUp", "Enter", "Tab", "Escape"].includes(event.key)) {
      event.preventDefault();
      if (event.key === "Escape") setOpening(null);
      else if (event.key === "ArrowDown") setActive((active + 1) % offered.length);
      else if (event.key === "ArrowUp") setActive((active + offered.length - 1) % offered.length);
      else choose(offered[active]);
    }
  }

  const shelf = concepts.filter((concept) => concept.current_version !== null).slice(0, SHELF);
  return (
    <div className="prompt">
      <label className="sr-only" htmlFor={id}>
        What to draw
      </label>
      <div className="prompt-page">
        <Marked text={value} concepts={concepts} />
        <textarea
          id={id}
          ref={box}
          name="prompt"
          rows={2}
          value={value}
          placeholder="a photo of <my-mug> on the beach"
          aria-haspopup="listbox"
          aria-controls={`${id}-words`}
          aria-autocomplete="list"
          aria-activedescendant={offered.length > 0 ? `${id}-word-${active}` : undefined}
          aria-invalid={fault !== undefined}
          aria-describedby={fault === undefined ? undefined : `${id}-fault`}
          onChange={(event) => {
            onChange(event.target.value);
            look();
          }}
          onClick={look}
          onKeyDown={press}
          onBlur={() => {
            setOpening(null);
          }}
        />
        <ul id={`${id}-words`} className="offers" role="listbox" aria-label="Words of the library" hidden={offered.length === 0}>
          {offered.map((concept, place) => (
            <li
              key={concept.id}
              id={`${id}-word-${place}`}
              role="option"
              aria-selected={place === active}
              onPointerDown={(event) => {
                event.preventDefault(); // the caret stays where it is
                choose(concept);
              }}
            >
              <Face concept={concept} />
              <Placeholder>{concept.placeholder}</Placeholder>
              <span className="small soft">{concept.name}</span>
            </li>
          ))}
        </ul>
      </div>
      {fault && (
        <p className="fault" id={`${id}-fault`} role="alert">
          {fault}
        </p>
      )}
      {shelf.length > 0 && (
        <div className="shelf" role="group" aria-label="Put a word into the prompt">
          {shelf.map((concept) => (
            <button
              key={concept.id}
              type="button"
              title={concept.name}
              onClick={() => {
                put(inserted(value, box.current?.selectionStart ?? value.length, concept.placeholder));
              }}
            >
              <Face concept={concept} />
              <Placeholder>{concept.placeholder}</Placeholder>
            </button>
          ))}
        </div>
      )}
      <p className="hint small soft">
        <code>(more of this)</code> and <code>[less of this]</code>, or by how much: <code>(like this:1.3)</code>. One of several:{" "}
        <code>{"{red|blue}"}</code>.
      </p>
    </div>
  );
}

/** The prompt behind the text area, whose own letters are transparent: the words are chips with their faces there. */
function Marked({ text, concepts }: { text: string; concepts: readonly Concept[] }) {
  return (
    <div className="marked" aria-hidden="true">
      {piecesOf(text, concepts).map((piece, place) => {
        if (piece.kind === "text") return piece.text;
        if (piece.kind !== "word") {
          return (
            <span key={place} className="choice-word">
              {piece.text}
            </span>
          );
        }
        const known = piece.concept !== undefined || piece.text === "<*>";
        return (
          <span key={place} className="chip-word" data-known={known}>
            <i>{piece.concept ? <Face concept={piece.concept} /> : null}&lt;</i>
            {piece.text.slice(1, -1)}
            <i>&gt;</i>
          </span>
        );
      })}
      {"\u200b"}
    </div>
  );
}

function Face({ concept }: { concept: Concept }) {
  const source = concept.sample ?? concept.pictures[0]?.url;
  return source === undefined ? null : <img className="drawn" src={source} alt="" />;
}
