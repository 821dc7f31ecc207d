// The training method, and for `directional` its kappa.
import { Field } from "../ui/Field";
import { KAPPAS, type TrainingOptions } from "./trainingValues";

interface TrainingMethodFieldsProps {
  value: TrainingOptions;
  onChange: (tuning: TrainingOptions) => void;
}

const KAPPA_TEXTS = ["closest to the pictures", "rather alike", "in between", "rather free", "as free as it gets"];

export function TrainingMethodFields({ value, onChange }: TrainingMethodFieldsProps) {
  return (
    <>
      <Field label="How it is learned" hint={HINTS[value.method]} name="method">
        {(control) => (
          <select
            {...control}
            name="method"
            value={value.method}
            onChange={(event) => {
              onChange({ ...value, method: event.target.value as TrainingOptions["method"] });
            }}
          >
            <option value="">Model default</option>
            <option value="classic">As alike as it gets</option>
            <option value="directional">Held back</option>
          </select>
        )}
      </Field>
      {value.method === "directional" && (
        <Field
          label="Closer likeness, or easier to change?"
          hint="The nearer it stays to the word it starts from, the easier it goes into other places and styles."
          name="kappa"
        >
          {(control) => (
            <div className="between">
              <input
                {...control}
                type="range"
                name="freedom"
                min={0}
                max={KAPPAS.length - 1}
                step={1}
                value={value.kappaIndex}
                aria-valuetext={KAPPA_TEXTS[value.kappaIndex]}
                onChange={(event) => {
                  onChange({ ...value, kappaIndex: Number(event.target.value) });
                }}
              />
              <div className="ends small soft" aria-hidden="true">
                <span>closer likeness</span>
                <span>easier to change</span>
              </div>
            </div>
          )}
        </Field>
      )}
    </>
  );
}

const HINTS: Record<TrainingOptions["method"], string> = {
  "": "The way that measured best with this model.",
  classic: "Nothing holds the word: it goes wherever the pictures take it, and the rest of a prompt moves it less. Takes longer.",
  directional: "The word stays as loud as other words, and near the one it starts from.",
};
