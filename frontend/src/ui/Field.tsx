// A labelled control of a form: its hint, and the problem that is about it.
import { useId, type ReactNode } from "react";

import { useFieldProblem } from "./FormProblem";
import { Suggestions } from "./Notice";

/** Attributes that tie a control to its label, its hint and its problem. */
export interface ControlProps {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
}

interface FieldProps {
  label: ReactNode;
  /** The field's name in the request. The form's problem is shown here if it is about this name. */
  name?: string;
  hint?: ReactNode;
  /** What the page itself finds wrong. The form's problem goes first. */
  fault?: string | undefined;
  onSuggestion?: (text: string) => void;
  children: (control: ControlProps) => ReactNode;
}

export function Field({ label, name, hint, fault, onSuggestion, children }: FieldProps) {
  const id = useId();
  const problem = useFieldProblem(name);
  const shown = problem?.detail ?? fault;
  const described = [hint && `${id}-hint`, shown && `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": Boolean(shown) })}
      {shown && <Fault id={`${id}-fault`}>{shown}</Fault>}
      {problem && onSuggestion && <Suggestions items={problem.suggestions ?? []} onChoose={onSuggestion} />}
      {hint && (
        <div className="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
    </div>
  );
}

interface RowFieldProps {
  label: string;
  name: string;
  children: (control: Omit<ControlProps, "id"> & { "aria-label": string }) => ReactNode;
}

/** A control in a row of controls: its label is only for screen readers, and its problem stands below the row. */
export function RowField({ label, name, children }: RowFieldProps) {
  const id = useId();
  const problem = useFieldProblem(name);
  return (
    <>
      {children({ "aria-label": label, "aria-describedby": problem ? `${id}-fault` : undefined, "aria-invalid": problem !== null })}
      {problem && <Fault id={`${id}-fault`}>{problem.detail}</Fault>}
    </>
  );
}

/** The problem of a control that is neither, such as a group of buttons; nothing without one. */
export function FieldFault({ name }: { name: string }) {
  const problem = useFieldProblem(name);
  return problem && <Fault>{problem.detail}</Fault>;
}

function Fault({ id, children }: { id?: string; children: string }) {
  return (
    <p className="fault" id={id} role="alert">
      {children}
    </p>
  );
}
