// A thing, or a way that pictures look.
import type { Kind } from "../api/types";
import { FieldFault } from "../ui/Field";

export function KindChoice({ value, onChange }: { value: Kind; onChange: (kind: Kind) => void }) {
  const kinds = [
    { kind: "object", name: "A thing", detail: "a mug, a toy, a face" },
    { kind: "style", name: "A style", detail: "how pictures look" },
  ] as const;
  return (
    <fieldset>
      <legend className="sr-only">What do the pictures have in common?</legend>
      <div className="choice">
        {kinds.map(({ kind, name, detail }) => (
          <label key={kind}>
            <input
              type="radio"
              name="kind"
              value={kind}
              checked={value === kind}
              onChange={() => {
                onChange(kind);
              }}
            />
            <b>{name}</b>
            <span>{detail}</span>
          </label>
        ))}
      </div>
      <FieldFault name="kind" />
    </fieldset>
  );
}
