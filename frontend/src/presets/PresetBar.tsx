// Presets and lists below the prompt: a press applies a preset, or puts a list into the prompt.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { createPortal } from "react-dom";

import type { GenerationValues } from "../draw/generationValues";
import { Problems } from "../ui/Notice";
import { withPreset } from "./applyPreset";
import { presets, promptLists } from "./presetQueries";

const PresetsDialog = lazy(async () => ({ default: (await import("./PresetsDialog")).PresetsDialog }));
const SHOWN = 8;

interface PresetBarProps {
  values: GenerationValues;
  onChange: (values: GenerationValues) => void;
}

export function PresetBar({ values, onChange }: PresetBarProps) {
  const kept = useQuery(presets);
  const lists = useQuery(promptLists);
  const [managing, setManaging] = useState(false);
  return (
    <div className="chips presets" role="group" aria-label="Presets and lists">
      {kept.data?.slice(0, SHOWN).map((preset) => (
        <button
          key={preset.name}
          type="button"
          className="chip"
          title={preset.prompt}
          onClick={() => {
            onChange(withPreset(values, preset));
          }}
        >
          {preset.name}
        </button>
      ))}
      {lists.data?.slice(0, SHOWN).map((list) => (
        <button
          key={list.name}
          type="button"
          className="chip list-chip"
          title={`One of: ${list.lines.slice(0, 12).join(", ")}`}
          onClick={() => {
            onChange({ ...values, prompt: `${values.prompt.trimEnd()} __${list.name}__`.trimStart() });
          }}
        >
          __{list.name}__
        </button>
      ))}
      <button
        type="button"
        className="chip quiet-chip"
        onClick={() => {
          setManaging(true);
        }}
      >
        Presets and lists…
      </button>
      <Problems of={[kept, lists]} />
      {/* In a place of its own: its forms cannot stand inside the form that draws. */}
      {managing &&
        createPortal(
          <Suspense fallback={null}>
            <PresetsDialog
              values={values}
              onClose={() => {
                setManaging(false);
              }}
            />
          </Suspense>,
          document.body,
        )}
    </div>
  );
}
