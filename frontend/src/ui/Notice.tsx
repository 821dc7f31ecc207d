// Messages for people: what went wrong, and what to enter instead.
import { useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";

import { problemOf } from "../api/problem";

export function ProblemNotice({ error, children }: { error: unknown; children?: ReactNode }) {
  const problem = problemOf(error);
  return (
    <div className="notice bad" role="alert">
      <strong>{problem.title}</strong>
      <p>{problem.detail}</p>
      {children}
    </div>
  );
}

/** A mutation, or a query. A query that fails while older data is on the screen has no loading error. */
interface RequestResult {
  isError: boolean;
  isLoadingError?: boolean;
  error: unknown;
}

/** The problems of requests that have no form: one notice for each, none for requests that work. */
export function Problems({ of }: { of: readonly RequestResult[] }) {
  const failed = of.filter(({ isError, isLoadingError }) => isLoadingError ?? isError);
  const problems = new Map(failed.map(({ error }) => [JSON.stringify(problemOf(error)), error]));
  return [...problems].map(([key, error]) => <ProblemNotice key={key} error={error} />);
}

export function Suggestions({ items, onChoose }: { items: readonly string[]; onChoose: (text: string) => void }) {
  const { t } = useLingui();
  if (items.length === 0) return null;
  return (
    <div className="chips" role="group" aria-label={t`Suggestions`}>
      {items.map((text) => (
        <button
          key={text}
          type="button"
          className="chip"
          onClick={() => {
            onChoose(text);
          }}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
