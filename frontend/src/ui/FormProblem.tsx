// Where a form shows the problem that its request came back with: beside the field that the problem names if that field is
// on the screen, otherwise as a notice. Fields register while they are mounted, so no form keeps a list of its fields.
import { createContext, use, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from "react";

import { problemOf, ProblemError, type Problem } from "../api/problem";
import { ProblemNotice } from "./Notice";

/** The names of the fields that are mounted. A nested registry reports its fields to its parent as well. */
class FieldRegistry {
  private readonly counts = new Map<string, number>();
  private readonly listeners = new Set<() => void>();
  private names: readonly string[] = [];
  private readonly parent: FieldRegistry | null;

  constructor(parent: FieldRegistry | null) {
    this.parent = parent;
  }

  /** Adds a field; the returned function takes it out again. Two fields may share a name. */
  register(name: string): () => void {
    const leaveParent = this.parent?.register(name);
    this.count(name, 1);
    return () => {
      this.count(name, -1);
      leaveParent?.();
    };
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** The names at the moment; the same array until a field comes or goes. */
  readonly mounted = () => this.names;

  private count(name: string, change: 1 | -1) {
    this.counts.set(name, (this.counts.get(name) ?? 0) + change);
    this.names = [...this.counts].filter(([, count]) => count > 0).map(([each]) => each);
    for (const listener of this.listeners) listener();
  }
}

interface FormState {
  problem: Problem | null;
  fields: FieldRegistry;
}

const FormContext = createContext<FormState | null>(null);

/** Whether a problem is about a field. The service names items as `tags.0` and members as `init_image.image_id`. */
function concerns(problem: Problem, name: string): boolean {
  return problem.field === name || problem.field?.startsWith(`${name}.`) === true;
}

/** Surrounds the fields of one form. `error` is what the form's request threw, or null. */
export function FormProblem({ error, children }: { error: unknown; children: ReactNode }) {
  const [fields] = useState(() => new FieldRegistry(null));
  const form = useMemo(() => ({ problem: error === null || error === undefined ? null : problemOf(error), fields }), [error, fields]);
  return <FormContext value={form}>{children}</FormContext>;
}

/** The problem of the form if it is about this field. The caller shows it: while mounted, the form's notice leaves it out. */
export function useFieldProblem(name: string | undefined): Problem | null {
  const form = use(FormContext);
  const fields = form?.fields;
  useLayoutEffect(() => (name === undefined ? undefined : fields?.register(name)), [fields, name]);
  return form?.problem && name !== undefined && concerns(form.problem, name) ? form.problem : null;
}

/** The form's problem, unless a field that is on the screen shows it. Every form has one, above its button. */
export function FormNotice() {
  const form = useForm();
  const mounted = useSyncExternalStore(form.fields.subscribe, form.fields.mounted);
  const { problem } = form;
  if (problem === null || mounted.some((name) => concerns(problem, name))) return null;
  return <ProblemNotice error={new ProblemError(problem)} />;
}

/** Fields that are folded away. They unfold when the problem is about one of them, and stay so until somebody folds them. */
export function FoldedFields({ summary, children }: { summary: string; children: ReactNode }) {
  const { problem, fields } = useForm();
  const [inside] = useState(() => new FieldRegistry(fields));
  const form = useMemo(() => ({ problem, fields: inside }), [problem, inside]);
  const mounted = useSyncExternalStore(inside.subscribe, inside.mounted);
  const hidesProblem = problem !== null && mounted.some((name) => concerns(problem, name));
  const details = useRef<HTMLDetailsElement>(null);
  useLayoutEffect(() => {
    if (hidesProblem && details.current) details.current.open = true;
  }, [hidesProblem, problem]);
  return (
    <details ref={details}>
      <summary>{summary}</summary>
      <FormContext value={form}>{children}</FormContext>
    </details>
  );
}

function useForm(): FormState {
  const form = use(FormContext);
  if (form === null) throw new Error("this part of a form is outside of <FormProblem>");
  return form;
}
