// Optional settings of a training, folded away. An empty field means the base model's default.
import { constraints } from "../api/constraints";
import type { BaseModel } from "../api/types";
import { useMe } from "../session/currentUser";
import { Field } from "../ui/Field";
import { type TrainingOptions } from "./trainingValues";
import { TrainingMethodFields } from "./TrainingMethodFields";

interface TrainingOptionFieldsProps {
  value: TrainingOptions;
  model: BaseModel | undefined;
  placeholder: string;
  onChange: (options: TrainingOptions) => void;
}

export function TrainingOptionFields({ value, model, placeholder, onChange }: TrainingOptionFieldsProps) {
  const { limits } = useMe();
  return (
    <div className="stack roomy">
      <TrainingMethodFields value={value} onChange={onChange} />
      <div className="pair">
        <Field
          label="Vectors"
          hint="How much room the word has. More can hold more detail, and bends less to the rest of a prompt."
          name="vectors"
        >
          {(control) => (
            <input
              {...control}
              type="number"
              min={1}
              max={model?.vectors_max ?? constraints.BaseModelOut.vectors_max.default}
              placeholder="the model’s own"
              value={value.vectors}
              onChange={(event) => {
                onChange({ ...value, vectors: event.target.value });
              }}
            />
          )}
        </Field>
        <Field
          label="Steps at most"
          hint="It stops by itself when more does not help."
          name="steps_max"
        >
          {(control) => (
            <input
              {...control}
              type="number"
              min={1}
              max={limits.steps_max}
              placeholder="the model’s own"
              value={value.stepsMax}
              onChange={(event) => {
                onChange({ ...value, stepsMax: event.target.value });
              }}
            />
          )}
        </Field>
        <Field label="Mirrored pictures" hint="Never for things with writing or a left and a right." name="mirror">
          {(control) => (
            <select
              {...control}
              value={value.mirror}
              onChange={(event) => {
                onChange({ ...value, mirror: event.target.value as TrainingOptions["mirror"] });
              }}
            >
              <option value="">{model?.mirror ? "Model default: yes" : "Model default: no"}</option>
              <option value="true">Yes, half of the time</option>
              <option value="false">No</option>
            </select>
          )}
        </Field>
        <Field label="Seed" hint="The same seed and pictures teach the same word." name="seed">
          {(control) => (
            <input
              {...control}
              type="number"
              min={constraints.Body_create_concept.seed.minimum}
              max={constraints.Body_create_concept.seed.maximum}
              placeholder={String(constraints.Body_create_concept.seed.default)}
              value={value.seed}
              onChange={(event) => {
                onChange({ ...value, seed: event.target.value });
              }}
            />
          )}
        </Field>
      </div>
      <Field
        label="Your own prompts for the report"
        hint={`Up to four, one on each line, with ${placeholder || "the new word"} in each. The report draws them beside its own.`}
        name="prompts"
      >
        {(control) => (
          <textarea
            {...control}
            rows={3}
            placeholder={`${placeholder || "<my-mug>"} on the moon`}
            value={value.prompts}
            onChange={(event) => {
              onChange({ ...value, prompts: event.target.value });
            }}
          />
        )}
      </Field>
    </div>
  );
}
