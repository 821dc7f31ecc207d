// Saving and deleting presets and lists. A deletion is not asked twice: the line below offers the way back.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";

import { queryClient } from "../api/queries";
import type { GenerationValues } from "../draw/generationValues";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { Icon } from "../ui/Icon";
import { Problems } from "../ui/Notice";
import { presetFrom } from "./applyPreset";
import { deleteList, deletePreset, presets, promptLists, saveList, savePreset, type Preset, type PromptList } from "./presetQueries";

interface Gone {
  label: string;
  undo: () => Promise<unknown>;
}

const refresh = () =>
  Promise.all([queryClient.invalidateQueries({ queryKey: ["presets"] }), queryClient.invalidateQueries({ queryKey: ["prompt-lists"] })]);

export function PresetsDialog({ values, onClose }: { values: GenerationValues; onClose: () => void }) {
  const kept = useQuery(presets);
  const lists = useQuery(promptLists);
  const [gone, setGone] = useState<Gone | null>(null);
  const [edited, setEdited] = useState<PromptList | null>(null);
  const remove = useMutation({
    mutationFn: async ({ preset, list }: { preset?: Preset; list?: PromptList }): Promise<Gone | null> => {
      if (preset) {
        await deletePreset(preset.name);
        const { name, changed_at, changed_by, ...fields } = preset;
        return { label: name, undo: () => savePreset({ name, preset: fields }) };
      }
      if (!list) return null;
      await deleteList(list.name);
      return { label: `__${list.name}__`, undo: () => saveList(list) };
    },
    onSuccess: setGone,
    onSettled: refresh,
  });
  const undo = useMutation({
    mutationFn: async () => gone?.undo(),
    onSuccess: () => {
      setGone(null);
    },
    onSettled: refresh,
  });
  return (
    <Dialog label="Presets and lists" className="presets-dialog" onClose={onClose}>
      <div className="stack roomy">
        <div className="row between">
          <h2>Presets</h2>
          <button type="button" className="button small quiet" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
        <ul className="kept">
          {kept.data?.map((preset) => (
            <Kept
              key={preset.name}
              name={preset.name}
              about={preset.prompt ?? ""}
              onDelete={() => {
                remove.mutate({ preset });
              }}
            />
          ))}
        </ul>
        <NewPreset values={values} />
        <h2>Lists</h2>
        <p className="small soft">
          A prompt takes one of the lines where it says <code>__name__</code>; the seed decides which. A line may have choices, <code>{"{dark|light} blue"}</code>.
        </p>
        <ul className="kept">
          {lists.data?.map((list) => (
            <Kept
              key={list.name}
              name={`__${list.name}__`}
              about={list.lines.join(", ")}
              onEdit={() => {
                setEdited(list);
              }}
              onDelete={() => {
                remove.mutate({ list });
              }}
            />
          ))}
        </ul>
        <NewList key={edited?.name} edited={edited} />
        {gone && (
          <p className="notice" role="status">
            <span>
              {gone.label} is deleted.{" "}
              <button
                type="button"
                className="link"
                disabled={undo.isPending}
                onClick={() => {
                  undo.mutate();
                }}
              >
                Undo
              </button>
            </span>
          </p>
        )}
        <Problems of={[remove, undo, kept, lists]} />
      </div>
    </Dialog>
  );
}

function Kept({ name, about, onEdit, onDelete }: { name: string; about: string; onEdit?: () => void; onDelete: () => void }) {
  return (
    <li>
      <p>
        <b>{name}</b> <span className="small soft">{about.length > 90 ? `${about.slice(0, 89)}…` : about}</span>
      </p>
      <span className="row">
        {onEdit && (
          <button type="button" className="button small quiet" aria-label={`Edit ${name}`} onClick={onEdit}>
            Edit
          </button>
        )}
        <button type="button" className="button small quiet" aria-label={`Delete ${name}`} onClick={onDelete}>
          Delete
        </button>
      </span>
    </li>
  );
}

function NewPreset({ values }: { values: GenerationValues }) {
  const [name, setName] = useState("");
  const [prompt, setPrompt] = useState("{prompt}, ");
  const save = useMutation({ mutationFn: savePreset, onSuccess: () => { setName(""); }, onSettled: refresh });
  function submit(event: SyntheticEvent) {
    event.preventDefault();
    event.stopPropagation(); // the dialog stands inside the form that draws
    save.mutate({ name: name.trim(), preset: presetFrom(values, prompt) });
  }
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <FormProblem error={save.error}>
        <div className="numbers">
          <Field label="Name of a new preset" name="name">
            {(control) => <input {...control} maxLength={60} value={name} onChange={(event) => { setName(event.target.value); }} />}
          </Field>
          <Field label="What the prompt becomes" name="prompt" hint="{prompt} is what was written.">
            {(control) => <input {...control} value={prompt} onChange={(event) => { setPrompt(event.target.value); }} />}
          </Field>
        </div>
        <p className="small soft">The form’s steps, guidance, scheduler, size and what is left out are saved with it.</p>
        <FormNotice />
        <p>
          <button className="button" disabled={name.trim() === "" || save.isPending}>
            Save preset
          </button>
        </p>
      </FormProblem>
    </form>
  );
}

function NewList({ edited }: { edited: PromptList | null }) {
  const [name, setName] = useState(edited?.name ?? "");
  const [lines, setLines] = useState(edited?.lines.join("\n") ?? "");
  const save = useMutation({ mutationFn: saveList, onSettled: refresh });
  function submit(event: SyntheticEvent) {
    event.preventDefault();
    event.stopPropagation();
    save.mutate({ name: name.trim().toLowerCase(), lines: lines.split("\n").map((line) => line.trim()).filter(Boolean) });
  }
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <FormProblem error={save.error}>
        <Field label="Name of a list" name="name">
          {(control) => <input {...control} placeholder="colours" maxLength={40} value={name} onChange={(event) => { setName(event.target.value); }} />}
        </Field>
        <Field label="Lines" name="lines">
          {(control) => <textarea {...control} rows={4} placeholder={"red\ndark {blue|green}\npink"} value={lines} onChange={(event) => { setLines(event.target.value); }} />}
        </Field>
        <FormNotice />
        <p>
          <button className="button" disabled={name.trim() === "" || lines.trim() === "" || save.isPending}>
            Save list
          </button>
        </p>
      </FormProblem>
    </form>
  );
}
