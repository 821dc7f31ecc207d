// The form of the Draw view: what to draw, from what, how. Pictures can be dropped anywhere on it.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";

import { problemOf } from "../api/problem";
import { baseModels, words } from "../api/queries";
import { useMe } from "../session/signedIn";
import { Icon } from "../ui/Icon";
import { ProblemNotice } from "../ui/Notice";
import { draftOf, type Draft } from "./draft";
import { OrderFields } from "./OrderFields";
import { PromptBox } from "./PromptBox";
import { readFile } from "./request";
import { startFrom } from "./start";
import { StartPanel } from "./StartPanel";

const COUNTS = [1, 2, 4, 8];
const FOLDED = ["negative_prompt", "base_model", "seed", "steps", "guidance", "scheduler", "width", "height"];
const ABOUT_THE_START = ["init_image", "mask", "strength"];

/** Where the form's contents come from, and what could not be taken over. */
export interface Filled {
  name: string;
  notes: readonly string[];
  file: File | null;
}

interface OrderFormProps {
  draft: Draft;
  filled: Filled | null;
  onChange: (draft: Draft) => void;
  onFilled: (filled: Filled | null) => void;
  order: { mutate: (draft: Draft) => void; isPending: boolean; isError: boolean; error: unknown; reset: () => void };
}

export function OrderForm({ draft, filled, order, onChange, onFilled }: OrderFormProps) {
  const { limits } = useMe();
  const { data: concepts } = useQuery(words);
  const { data: models } = useQuery(baseModels);
  const model = models?.find((each) => each.id === draft.baseModel) ?? models?.[0];
  const taking = useMutation({ mutationFn: readFile });
  const [over, setOver] = useState(false);
  const problem = order.isError ? problemOf(order.error) : null;
  const ready = draft.prompt.trim() !== "" && !order.isPending;

  function change(part: Partial<Draft>) {
    onChange({ ...draft, ...part });
    if (order.isError) order.reset();
  }

  function startWith(file: File) {
    onFilled(null);
    change({ start: startFrom({ kind: "file", file }) });
  }

  /** A picture that says how it was drawn is drawn again; any other is something to start from. */
  function take(file: File | undefined) {
    if (file === undefined) return;
    taking.mutate(file, {
      onSuccess: (again) => {
        if (again === null) startWith(file);
        else {
          onChange(draftOf(again.order, "the same"));
          onFilled({ name: file.name, notes: again.notes, file });
          order.reset();
        }
      },
    });
  }

  function submit() {
    if (ready) order.mutate(draft);
  }

  return (
    <form
      className="order"
      noValidate
      data-over={over}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => {
        setOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files[0]);
      }}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <PromptBox
        value={draft.prompt}
        concepts={concepts ?? []}
        fault={problem?.field === "prompt" ? problem.detail : undefined}
        onChange={(prompt) => {
          change({ prompt });
        }}
        onSubmit={submit}
      />
      {filled && (
        <FilledIn
          filled={filled}
          onStart={startWith}
          onClose={() => {
            onFilled(null);
          }}
        />
      )}
      {draft.start && (
        <StartPanel
          start={draft.start}
          problem={problem}
          onChange={(start) => {
            change({ start });
          }}
        />
      )}
      <div className="row between">
        <div className="row">
          <button className="button primary large" disabled={!ready}>
            Draw
          </button>
          <div className="chips" role="group" aria-label="How many pictures">
            {COUNTS.filter((count) => count <= limits.count_max).map((count) => (
              <button
                key={count}
                type="button"
                className="chip"
                aria-pressed={draft.count === count}
                onClick={() => {
                  change({ count });
                }}
              >
                {count}
              </button>
            ))}
          </div>
          {draft.seed !== "" && (
            <button
              type="button"
              className="chip"
              onClick={() => {
                change({ seed: "" });
              }}
            >
              seed {draft.seed} ✕
            </button>
          )}
        </div>
        {draft.start === null && <PictureChooser busy={taking.isPending} onFile={take} />}
      </div>
      {taking.isError && <ProblemNotice error={taking.error} />}
      <details open={FOLDED.includes(problem?.field ?? "") || undefined}>
        <summary>More</summary>
        <OrderFields draft={draft} models={models ?? []} model={model} problem={problem} onChange={change} />
      </details>
      {problem && !shownElsewhere(problem.field, draft) && <ProblemNotice error={order.error} />}
    </form>
  );
}

function shownElsewhere(field: string | undefined, draft: Draft): boolean {
  if (field === undefined) return false;
  return field === "prompt" || FOLDED.includes(field) || (draft.start !== null && ABOUT_THE_START.includes(field));
}

function PictureChooser({ busy, onFile }: { busy: boolean; onFile: (file: File | undefined) => void }) {
  const id = useId();
  return (
    <div className="chooser">
      <input
        id={id}
        className="sr-only"
        type="file"
        accept="image/png,image/jpeg,image/webp"
        onChange={({ currentTarget }) => {
          onFile(currentTarget.files?.[0]);
          currentTarget.value = "";
        }}
      />
      <label htmlFor={id} className="button quiet" aria-busy={busy}>
        <Icon name="picture" /> From a picture
      </label>
    </div>
  );
}

interface FilledInProps {
  filled: Filled;
  onStart: (file: File) => void;
  onClose: () => void;
}

function FilledIn({ filled: { name, notes, file }, onStart, onClose }: FilledInProps) {
  return (
    <div className="notice filled" role="status">
      <div className="row between">
        <p>
          Everything is as it was for {name}: <strong>Draw</strong> draws it again.
        </p>
        <button type="button" className="button small quiet" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {notes.length > 0 && (
        <ul className="small">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {file !== null && (
        <button
          type="button"
          className="button small"
          onClick={() => {
            onStart(file);
          }}
        >
          Start from the picture instead
        </button>
      )}
    </div>
  );
}
