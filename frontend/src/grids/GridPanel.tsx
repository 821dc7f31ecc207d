// The axes of a grid, below the prompt: what differs from row to row and from column to column.
import { useId } from "react";

import type { Concept } from "../api/types";
import { Field, FieldFault } from "../ui/Field";
import { Placeholder } from "../ui/Placeholder";
import { numbersIn, promptsOf, sizesOf, type GridValues } from "./gridValues";

interface GridPanelProps {
  prompt: string;
  grid: GridValues;
  concepts: readonly Concept[];
  cellsMax: number;
  onChange: (grid: GridValues) => void;
}

const WORDS = 24;

export function GridPanel({ prompt, grid, concepts, cellsMax, onChange }: GridPanelProps) {
  const words = useId();
  const sizes = sizesOf(prompt, grid);
  const count = sizes.reduce((product, size) => product * size, 1);
  const offered = concepts.filter((concept) => concept.current_version !== null).slice(0, WORDS);
  const needsPlace = grid.concepts.length > 0 && promptsOf(prompt, grid).some((each) => !/<[^<>\s]+>/.test(each));

  function change(part: Partial<GridValues>) {
    onChange({ ...grid, ...part });
  }

  function toggle(placeholder: string) {
    const others = grid.concepts.filter((each) => each !== placeholder);
    change({ concepts: others.length < grid.concepts.length ? others : [...grid.concepts, placeholder] });
  }

  return (
    <section className="sheet grid-panel" aria-label="Grid">
      <div className="row between">
        <h2>A grid</h2>
        <p className="small soft" role="status" data-over={count > cellsMax}>
          {sizes.filter((size) => size > 1).join(" × ") || "1"}
          {sizes.filter((size) => size > 1).length > 1 && ` = ${count}`} {count === 1 ? "picture" : "pictures"}
          {count > cellsMax && `, and one grid has at most ${cellsMax}`}
        </p>
      </div>
      <Field
        label="More prompts"
        name="prompts"
        hint="One in a line, beside the one above."
        fault={needsPlace ? "A prompt names no word. Write <*> where the word of the cell goes." : undefined}
      >
        {(control) => (
          <textarea
            {...control}
            rows={2}
            value={grid.prompts}
            placeholder={"a drawing of <*>\n<*> in the snow"}
            onChange={(event) => {
              change({ prompts: event.target.value });
            }}
          />
        )}
      </Field>
      {offered.length > 0 && (
        <div className="field" role="group" aria-labelledby={words}>
          <span className="label" id={words}>
            Words
          </span>
          <div className="chips">
            {offered.map((concept) => (
              <button
                key={concept.id}
                type="button"
                className="chip word-chip"
                aria-pressed={grid.concepts.includes(concept.placeholder)}
                title={concept.name}
                onClick={() => {
                  toggle(concept.placeholder);
                }}
              >
                <Face concept={concept} />
                <Placeholder>{concept.placeholder}</Placeholder>
              </button>
            ))}
          </div>
          <FieldFault name="concepts" />
          <p className="hint">
            Each of them takes the place of the word in the prompt, or of <code>&lt;*&gt;</code>.
          </p>
        </div>
      )}
      <div className="numbers">
        <AxisField name="seeds" label="Seeds" placeholder="a random one" hint="1-4, or 7, 12" value={grid.seeds} onChange={change} />
        <AxisField name="guidance" label="Guidance" placeholder="as below" hint="2, 4, 6" value={grid.guidance} onChange={change} />
        <AxisField name="versions" label="Versions" placeholder="the current one" hint="1-3" value={grid.versions} onChange={change} />
        <Field label="Title" name="title" hint="To find it again.">
          {(control) => (
            <input
              {...control}
              maxLength={100}
              autoComplete="off"
              value={grid.title}
              onChange={(event) => {
                change({ title: event.target.value });
              }}
            />
          )}
        </Field>
      </div>
    </section>
  );
}

interface AxisFieldProps {
  name: "seeds" | "guidance" | "versions";
  label: string;
  placeholder: string;
  hint: string;
  value: string;
  onChange: (part: Partial<GridValues>) => void;
}

function AxisField({ name, label, placeholder, hint, value, onChange }: AxisFieldProps) {
  const fault = numbersIn(value) === null ? "Write numbers, such as 1-4 or 2, 3.5." : undefined;
  return (
    <Field label={label} name={name} hint={hint} fault={fault}>
      {(control) => (
        <input
          {...control}
          inputMode="text"
          autoComplete="off"
          placeholder={placeholder}
          value={value}
          onChange={(event) => {
            onChange({ [name]: event.target.value });
          }}
        />
      )}
    </Field>
  );
}

function Face({ concept }: { concept: Concept }) {
  const source = concept.sample ?? concept.pictures[0]?.url;
  return source === undefined ? null : <img className="drawn" src={source} alt="" />;
}
