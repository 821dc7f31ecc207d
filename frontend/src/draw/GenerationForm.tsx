// The form of the Draw view: the prompt, the picture to start from, and the settings. A picture can be dropped anywhere on it.
import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useId, useState } from "react";
import { useLocation } from "wouter";

import { baseModels, promptConcepts } from "../api/queries";
import { GridPanel } from "../grids/GridPanel";
import { emptyGrid, requestFromGrid, sizesOf, type GridValues } from "../grids/gridValues";
import { submitGrid } from "../grids/submitGrid";
import { PresetBar } from "../presets/PresetBar";
import { useMe } from "../session/currentUser";
import { PICTURE_TYPES } from "../teach/pictures";
import { FieldFault } from "../ui/Field";
import { FoldedFields, FormNotice, FormProblem } from "../ui/FormProblem";
import { Icon } from "../ui/Icon";
import { Problems } from "../ui/Notice";
import { requestFromValues, valuesFromRequest, type GenerationValues } from "./generationValues";
import { GenerationFields } from "./GenerationFields";
import { PromptBox } from "./PromptBox";
import { recoverRequest } from "./submitGeneration";
import { initImageFrom } from "./initImage";
import { InitImagePanel } from "./InitImagePanel";
import { sizeFault } from "./sizeLimit";

const CodeDialog = lazy(async () => ({ default: (await import("./CodeDialog")).CodeDialog }));

const COUNTS = [1, 2, 4, 8];

/** The picture whose request fills the form, and what of that request could not be recovered. */
export interface RecoveredFrom {
  name: string;
  notes: readonly string[];
  file: File | null;
}

interface GenerationFormProps {
  values: GenerationValues;
  recovered: RecoveredFrom | null;
  onChange: (values: GenerationValues) => void;
  onRecovered: (recovered: RecoveredFrom | null) => void;
  /** The axes of a grid, while the form asks for one. */
  grid: GridValues | null;
  onGrid: (grid: GridValues | null) => void;
  submission: { mutate: (values: GenerationValues) => void; isPending: boolean; isError: boolean; error: unknown; reset: () => void };
}

export function GenerationForm({ values, recovered, grid, submission, onChange, onRecovered, onGrid }: GenerationFormProps) {
  const { limits } = useMe();
  const concepts = useQuery(promptConcepts);
  const offered = useQuery(baseModels);
  const models = offered.data ?? [];
  const model = models.find((each) => each.id === values.baseModel) ?? models[0];
  const taking = useMutation({ mutationFn: recoverRequest });
  const [over, setOver] = useState(false);
  const [code, setCode] = useState(false);
  const [, navigate] = useLocation();
  const drawingGrid = useMutation({
    mutationFn: submitGrid,
    onSuccess: ({ generation }) => {
      navigate(`/grids/${generation.id}`);
    },
  });
  const cells = grid === null ? 0 : sizesOf(values.prompt, grid).reduce((product, size) => product * size, 1);
  const busy = submission.isPending || drawingGrid.isPending;
  const ready = values.prompt.trim() !== "" && !busy && sizeFault(values, model) === null && cells <= limits.grid_cells_max;

  function change(part: Partial<GenerationValues>) {
    onChange({ ...values, ...part });
    if (submission.isError) submission.reset();
    if (drawingGrid.isError) drawingGrid.reset();
  }

  function startWith(file: File) {
    onRecovered(null);
    change({ initImage: initImageFrom({ kind: "file", file }) });
  }

  /** Fills the form with the request that a picture carries. A picture without one becomes the picture to start from. */
  function take(file: File | undefined) {
    if (file === undefined) return;
    taking.mutate(file, {
      onSuccess: (again) => {
        if (again === null) startWith(file);
        else {
          onChange(valuesFromRequest(again.order, "the same"));
          onRecovered({ name: file.name, notes: again.notes, file });
          submission.reset();
        }
      },
    });
  }

  function submit() {
    if (!ready) return;
    if (grid === null) submission.mutate(values);
    else drawingGrid.mutate({ values, grid });
  }

  return (
    <form
      className="generation-form"
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
      <FormProblem error={submission.error ?? drawingGrid.error}>
        <PromptBox
          value={values.prompt}
          concepts={concepts.data ?? []}
          onChange={(prompt) => {
            change({ prompt });
          }}
          onSubmit={submit}
        />
        <PresetBar
          values={values}
          onChange={(next) => {
            change(next);
          }}
        />
        {recovered && (
          <RecoveredNotice
            recovered={recovered}
            onStart={startWith}
            onClose={() => {
              onRecovered(null);
            }}
          />
        )}
        {values.initImage && (
          <InitImagePanel
            initImage={values.initImage}
            onChange={(initImage) => {
              change({ initImage });
            }}
          />
        )}
        {grid !== null && (
          <GridPanel
            prompt={values.prompt}
            grid={grid}
            concepts={concepts.data ?? []}
            cellsMax={limits.grid_cells_max}
            onChange={(next) => {
              onGrid(next);
              if (drawingGrid.isError) drawingGrid.reset();
            }}
          />
        )}
        <div className="row between">
          <div className="row">
            <button className="button primary large" disabled={!ready}>
              {grid === null ? "Draw" : `Draw ${cells} ${cells === 1 ? "picture" : "pictures"}`}
            </button>
            <div className="chips" role="group" aria-label="How many pictures">
              {COUNTS.filter((count) => count <= limits.count_max).map((count) => (
                <button
                  key={count}
                  type="button"
                  className="chip"
                  aria-pressed={grid === null && values.count === count}
                  onClick={() => {
                    change({ count });
                    onGrid(null);
                  }}
                >
                  {count}
                </button>
              ))}
              {values.initImage === null && (
                <button
                  type="button"
                  className="chip"
                  aria-pressed={grid !== null}
                  onClick={() => {
                    onGrid(grid === null ? emptyGrid : null);
                  }}
                >
                  Grid
                </button>
              )}
            </div>
            {values.seed !== "" && (
              <button
                type="button"
                className="chip"
                onClick={() => {
                  change({ seed: "" });
                }}
              >
                seed {values.seed} ✕
              </button>
            )}
            <FieldFault name="count" />
          </div>
          <div className="row">
            {values.prompt.trim() !== "" && (
              <button
                type="button"
                className="button quiet"
                onClick={() => {
                  setCode(true);
                }}
              >
                Code
              </button>
            )}
            {values.initImage === null && <PictureChooser busy={taking.isPending} onFile={take} />}
          </div>
        </div>
        <Problems of={[taking, concepts, offered]} />
        <FoldedFields summary="More">
          <GenerationFields values={values} models={models} model={model} onChange={change} />
        </FoldedFields>
        <FormNotice />
      </FormProblem>
      {code && (
        <Suspense fallback={null}>
          <CodeDialog
            path={grid === null ? "/api/generations" : "/api/grids"}
            request={grid === null ? requestFromValues(values) : requestFromGrid(values, grid)}
            note={values.initImage?.picture.kind === "file" ? "The picture to start from is a file: send it beside these fields, as a form." : undefined}
            onClose={() => {
              setCode(false);
            }}
          />
        </Suspense>
      )}
    </form>
  );
}

function PictureChooser({ busy, onFile }: { busy: boolean; onFile: (file: File | undefined) => void }) {
  const id = useId();
  return (
    <div className="chooser">
      <input
        id={id}
        className="sr-only"
        type="file"
        accept={PICTURE_TYPES}
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

interface RecoveredNoticeProps {
  recovered: RecoveredFrom;
  onStart: (file: File) => void;
  onClose: () => void;
}

function RecoveredNotice({ recovered: { name, notes, file }, onStart, onClose }: RecoveredNoticeProps) {
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
