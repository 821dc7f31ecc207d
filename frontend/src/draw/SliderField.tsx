// A number that can be written or slid. An empty field means the base model's own number, where the slider then stands.
import { Field } from "../ui/Field";

interface SliderFieldProps {
  name: string;
  label: string;
  value: string;
  own: number | null | undefined;
  min: number;
  max: number;
  step: number;
  onChange: (value: string) => void;
}

export function SliderField({ name, label, value, own, min, max, step, onChange }: SliderFieldProps) {
  const number = Number(value.replace(",", "."));
  const shown = value.trim() === "" || Number.isNaN(number) ? (own ?? min) : number;
  return (
    <div className="slider-field">
      <Field label={label} name={name}>
        {(control) => (
          <input
            {...control}
            name={name}
            inputMode="decimal"
            autoComplete="off"
            placeholder={String(own ?? "")}
            value={value}
            onChange={(event) => {
              onChange(event.target.value);
            }}
          />
        )}
      </Field>
      <input
        type="range"
        aria-label={`${label}, slider`}
        min={min}
        max={max}
        step={step}
        value={Math.min(max, Math.max(min, shown))}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      />
    </div>
  );
}
