// How a drawing is made, folded away. Left empty, the base model's own settings apply.
import type { Problem } from "../api/problem";
import type { BaseModel, Scheduler } from "../api/types";
import { BaseModelChoice } from "../teach/BaseModelChoice";
import { faultOf } from "../teach/lesson";
import { Field } from "../ui/Field";
import type { Draft } from "./draft";

const SCHEDULERS: readonly { id: Scheduler; name: string }[] = [
  { id: "ddim", name: "DDIM" },
  { id: "dpm++2m", name: "DPM++ 2M" },
  { id: "dpm++2m-karras", name: "DPM++ 2M Karras" },
  { id: "euler", name: "Euler" },
  { id: "euler-a", name: "Euler ancestral" },
  { id: "unipc", name: "UniPC" },
  { id: "lcm", name: "LCM" },
];

interface OrderFieldsProps {
  draft: Draft;
  models: readonly BaseModel[];
  model: BaseModel | undefined;
  problem: Problem | null;
  onChange: (part: Partial<Draft>) => void;
}

export function OrderFields({ draft, models, model, problem, onChange }: OrderFieldsProps) {
  return (
    <div className="stack roomy">
      <Field label="Leave out" hint="What should not be in the picture." fault={faultOf(problem, "negative_prompt")}>
        {(control) => (
          <input
            {...control}
            name="negative_prompt"
            placeholder="dark, dirty"
            value={draft.negativePrompt}
            onChange={(event) => {
              onChange({ negativePrompt: event.target.value });
            }}
          />
        )}
      </Field>
      {models.length > 1 && (
        <BaseModelChoice
          models={models}
          value={model?.id ?? null}
          fault={faultOf(problem, "base_model")}
          onChange={(baseModel) => {
            onChange({ baseModel });
          }}
        />
      )}
      <div className="numbers">
        <NumberField name="seed" label="Seed" own="random" draft={draft} problem={problem} onChange={onChange} />
        <NumberField name="steps" label="Steps" own={model?.steps} draft={draft} problem={problem} onChange={onChange} />
        <NumberField name="guidance" label="Guidance" own={model?.guidance} draft={draft} problem={problem} onChange={onChange} />
        <NumberField name="width" label="Width" own={model?.resolution} draft={draft} problem={problem} onChange={onChange} />
        <NumberField name="height" label="Height" own={model?.resolution} draft={draft} problem={problem} onChange={onChange} />
        <Field label="Scheduler" fault={faultOf(problem, "scheduler")}>
          {(control) => (
            <select
              {...control}
              value={draft.scheduler}
              onChange={(event) => {
                onChange({ scheduler: event.target.value as Draft["scheduler"] });
              }}
            >
              <option value="">{ownScheduler(model)}</option>
              {SCHEDULERS.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
    </div>
  );
}

function ownScheduler(model: BaseModel | undefined): string {
  const own = SCHEDULERS.find(({ id }) => id === model?.scheduler);
  return own ? `the model’s own (${own.name})` : "the model’s own";
}

interface NumberFieldProps {
  name: "seed" | "steps" | "guidance" | "width" | "height";
  label: string;
  own: number | string | null | undefined;
  draft: Draft;
  problem: Problem | null;
  onChange: (part: Partial<Draft>) => void;
}

function NumberField({ name, label, own, draft, problem, onChange }: NumberFieldProps) {
  return (
    <Field label={label} fault={faultOf(problem, name)}>
      {(control) => (
        <input
          {...control}
          name={name}
          inputMode="decimal"
          autoComplete="off"
          placeholder={String(own ?? "")}
          value={draft[name]}
          onChange={(event) => {
            onChange({ [name]: event.target.value });
          }}
        />
      )}
    </Field>
  );
}
