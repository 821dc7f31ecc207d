// A labelled control with its hint and, when something is wrong with it, the sentence that says what.
import { useId, type ReactNode } from "react";

import { Suggestions } from "./Notice";

/** What a control takes so that its label, hint and fault belong to it. */
export interface ControlProps {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
}

interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  fault?: string | undefined;
  suggestions?: readonly string[] | undefined;
  onSuggestion?: (text: string) => void;
  children: (control: ControlProps) => ReactNode;
}

export function Field({ label, hint, fault, suggestions, onSuggestion, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": Boolean(fault) })}
      {fault && (
        <p className="fault" id={`${id}-fault`} role="alert">
          {fault}
        </p>
      )}
      {fault && onSuggestion && <Suggestions items={suggestions ?? []} onChoose={onSuggestion} />}
      {hint && (
        <div className="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
    </div>
  );
}
