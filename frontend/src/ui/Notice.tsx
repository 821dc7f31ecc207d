// Sentences for people: what went wrong, what is not there, what could be said instead.
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

export function Suggestions({ items, onChoose }: { items: readonly string[]; onChoose: (text: string) => void }) {
  if (items.length === 0) return null;
  return (
    <div className="chips" role="group" aria-label="Suggestions">
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
