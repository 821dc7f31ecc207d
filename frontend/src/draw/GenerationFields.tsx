// The settings of a generation, folded away. An empty field means the base model's default.
import { constraints } from "../api/constraints";
import type { BaseModel } from "../api/types";
import { BaseModelChoice } from "../teach/BaseModelChoice";
import { Field } from "../ui/Field";
import type { GenerationValues } from "./generationValues";
import { SizeChips } from "./SizeChips";
import { SliderField } from "./SliderField";
import { sizeFault, sizeHint } from "./sizeLimit";

const { scheduler: SCHEDULER } = constraints.GenerationRequest;

interface GenerationFieldsProps {
  values: GenerationValues;
  models: readonly BaseModel[];
  model: BaseModel | undefined;
  onChange: (part: Partial<GenerationValues>) => void;
}

export function GenerationFields({ values, models, model, onChange }: GenerationFieldsProps) {
  const fault = sizeFault(values, model);
  const size = { values, own: model?.resolution, onChange };
  return (
    <div className="stack roomy">
      <Field label="Leave out" hint="What should not be in the picture." name="negative_prompt">
        {(control) => (
          <input
            {...control}
            name="negative_prompt"
            placeholder="dark, dirty"
            value={values.negativePrompt}
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
          onChange={(baseModel) => {
            onChange({ baseModel });
          }}
        />
      )}
      <div className="numbers">
        <NumberField name="seed" label="Seed" own="random" values={values} onChange={onChange} />
        <SliderField
          name="steps"
          label="Steps"
          own={model?.steps}
          value={values.steps}
          min={1}
          max={Math.max(50, model?.steps ?? 0)}
          step={1}
          onChange={(steps) => {
            onChange({ steps });
          }}
        />
        <SliderField
          name="guidance"
          label="Guidance"
          own={model?.guidance}
          value={values.guidance}
          min={1}
          max={Math.max(15, model?.guidance ?? 0)}
          step={0.5}
          onChange={(guidance) => {
            onChange({ guidance });
          }}
        />
        <NumberField name="width" label="Width" fault={fault?.field === "width" ? fault.text : undefined} {...size} />
        <NumberField name="height" label="Height" fault={fault?.field === "height" ? fault.text : undefined} {...size} />
        <Field label="Scheduler" name="scheduler">
          {(control) => (
            <select
              {...control}
              value={values.scheduler}
              onChange={(event) => {
                onChange({ scheduler: event.target.value as GenerationValues["scheduler"] });
              }}
            >
              <option value="">{ownScheduler(model)}</option>
              {SCHEDULER.enum.map((scheduler) => (
                <option key={scheduler} value={scheduler}>
                  {SCHEDULER["x-labels"][scheduler]}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <SizeChips values={values} model={model} onChange={onChange} />
      <p className="small soft">{sizeHint(model)}</p>
    </div>
  );
}

function ownScheduler(model: BaseModel | undefined): string {
  const own = SCHEDULER.enum.find((scheduler) => scheduler === model?.scheduler);
  return own ? `the model’s own (${SCHEDULER["x-labels"][own]})` : "the model’s own";
}

interface NumberFieldProps {
  name: "seed" | "width" | "height";
  label: string;
  own: number | string | null | undefined;
  fault?: string | undefined;
  values: GenerationValues;
  onChange: (part: Partial<GenerationValues>) => void;
}

function NumberField({ name, label, own, fault, values, onChange }: NumberFieldProps) {
  return (
    <Field label={label} name={name} fault={fault}>
      {(control) => (
        <input
          {...control}
          name={name}
          inputMode="decimal"
          autoComplete="off"
          placeholder={String(own ?? "")}
          value={values[name]}
          onChange={(event) => {
            onChange({ [name]: event.target.value });
          }}
        />
      )}
    </Field>
  );
}
