// The new word itself: proposed from the name, free to change.
import { Field } from "../ui/Field";
import { useFieldProblem } from "../ui/FormProblem";
import { Placeholder } from "../ui/Placeholder";
import { asPlaceholder } from "./placeholder";

interface PlaceholderFieldProps {
  value: string;
  /** What the page itself finds wrong. */
  fault?: string | undefined;
  onChange: (text: string) => void;
}

export function PlaceholderField({ value, fault, onChange }: PlaceholderFieldProps) {
  const problem = useFieldProblem("placeholder");
  return (
    <Field
      label="Your new word"
      hint={
        value && !fault && problem === null ? (
          <>
            You will write it as in “a photo of <Placeholder>{value}</Placeholder> on the beach”.
          </>
        ) : (
          "Proposed from the name; change it as you like."
        )
      }
      fault={fault}
      name="placeholder"
      onSuggestion={onChange}
    >
      {(control) => (
        <input
          {...control}
          name="placeholder"
          className="mono"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder="<my-mug>"
          value={value}
          onChange={(event) => {
            onChange(event.target.value);
          }}
          onBlur={() => {
            if (value !== "") onChange(asPlaceholder(value));
          }}
        />
      )}
    </Field>
  );
}
