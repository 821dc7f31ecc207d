// How closely the word is learned: what it gains in likeness it loses in how far a prompt can change it.
import { Field } from "../ui/Field";
import { KAPPAS } from "./lesson";

interface FreedomFieldProps {
  value: number | null;
  fault: string | undefined;
  onChange: (place: number | null) => void;
}

const MIDDLE = Math.floor(KAPPAS.length / 2);
const SAID = ["as like as it gets", "rather alike", "balanced", "rather free", "as free as it gets"];

export function FreedomField({ value, fault, onChange }: FreedomFieldProps) {
  const place = value ?? MIDDLE;
  return (
    <Field
      label="Closer likeness, or easier to change?"
      hint="A word that follows the pictures closely is harder to put into other places and styles."
      fault={fault}
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
            value={place}
            aria-valuetext={value === null ? "as the model likes" : SAID[place]}
            onChange={(event) => {
              onChange(Number(event.target.value));
            }}
          />
          <div className="ends small soft" aria-hidden="true">
            <span>closer likeness</span>
            <span>easier to change</span>
          </div>
        </div>
      )}
    </Field>
  );
}
