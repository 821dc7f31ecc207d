// Which base model learns the word; with only one there is nothing to choose, but something to know.
import { AboutBaseModels } from "../settings/AboutBaseModels";
import type { BaseModel } from "../api/types";
import { Field } from "../ui/Field";

interface BaseModelChoiceProps {
  models: readonly BaseModel[];
  value: string | null;
  onChange: (id: string) => void;
}

export function BaseModelChoice({ models, value, onChange }: BaseModelChoiceProps) {
  const chosen = models.find((model) => model.id === value);
  return (
    <div className="stack tight">
      {models.length > 1 && (
        <Field label="Base model" name="base_model">
          {(control) => (
            <select
              {...control}
              value={value ?? ""}
              onChange={(event) => {
                onChange(event.target.value);
              }}
            >
              {models.map((model) => (
                <option key={model.id} value={model.id} disabled={!model.ready || !model.teachable}>
                  {model.name}
                  {described(model)}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {chosen?.ready === false && (
        <p className="notice bad">
          {chosen.name} is not ready. {chosen.not_ready_reason}
        </p>
      )}
      {chosen?.not_teachable_reason && <p className="notice bad">{chosen.not_teachable_reason}</p>}
      <details>
        <summary>{chosen?.id === "demo" ? "It is the demo model: a small cartoon world" : "About the base model"}</summary>
        <AboutBaseModels />
      </details>
    </div>
  );
}

function described(model: BaseModel): string {
  if (!model.ready) return " (not ready)";
  return model.teachable ? ` (${model.resolution} px)` : " (only draws)";
}
