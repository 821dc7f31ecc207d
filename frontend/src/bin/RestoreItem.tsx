// Takes something out of the bin. A word whose placeholder is taken meanwhile gets another one first.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { problemOf } from "../api/problem";
import type { BinItem } from "../api/types";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { Problems } from "../ui/Notice";
import { refreshLibrary } from "./refreshLibrary";

export function RestoreItem({ item }: { item: BinItem }) {
  const [placeholder, setPlaceholder] = useState<string | null>(null);
  const restore = useMutation({
    mutationFn: (wanted: string | null) =>
      answer(
        api.POST("/api/bin/{item_id}/restore", {
          params: { path: { item_id: item.id } },
          body: { placeholder: wanted },
        }),
      ),
    onSuccess: refreshLibrary,
    onError: (error) => {
      const problem = problemOf(error);
      if (problem.field === "placeholder" && placeholder === null) setPlaceholder(problem.suggestions?.[0] ?? item.label);
    },
  });
  function change(text: string) {
    setPlaceholder(text);
    if (restore.isError) restore.reset();
  }
  return (
    <>
      <button
        type="button"
        className="button small"
        aria-label={`Restore ${item.label}`}
        disabled={restore.isPending}
        onClick={() => {
          restore.mutate(null);
        }}
      >
        Restore
      </button>
      {placeholder === null ? (
        <Problems of={[restore]} />
      ) : (
        <Dialog
          label="Another word"
          onClose={() => {
            setPlaceholder(null);
            restore.reset();
          }}
        >
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault();
              restore.mutate(placeholder);
            }}
          >
            <h2>Restore it under another word</h2>
            <FormProblem error={restore.error}>
              <Field label="The word itself" name="placeholder" onSuggestion={change}>
                {(control) => (
                  <input
                    {...control}
                    className="mono"
                    autoComplete="off"
                    autoCapitalize="none"
                    spellCheck={false}
                    value={placeholder}
                    onChange={(event) => {
                      change(event.target.value);
                    }}
                  />
                )}
              </Field>
              <FormNotice />
              <div className="row">
                <button className="button primary" disabled={placeholder.trim() === "" || restore.isPending}>
                  Restore it
                </button>
                <button
                  type="button"
                  className="button quiet"
                  onClick={() => {
                    setPlaceholder(null);
                    restore.reset();
                  }}
                >
                  Leave it in the bin
                </button>
              </div>
            </FormProblem>
          </form>
        </Dialog>
      )}
    </>
  );
}
