// Taking a word out of the library. Asked in a window, because it cannot be undone.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";

import { answer, api } from "../api/client";
import { queryClient } from "../api/queries";
import type { Concept } from "../api/types";
import { Dialog } from "../ui/Dialog";
import { Problems } from "../ui/Notice";
import { Placeholder } from "../ui/Placeholder";

export function DeleteConcept({ concept }: { concept: Concept }) {
  const [asking, setAsking] = useState(false);
  const [, go] = useLocation();
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE("/api/concepts/{concept_id}", { params: { path: { concept_id: concept.id } } })),
    onSuccess: () => {
      go("/");
      return queryClient.invalidateQueries({ queryKey: ["concepts", "library"] });
    },
  });
  function close() {
    setAsking(false);
  }
  return (
    <>
      <button
        type="button"
        className="button quiet bad"
        onClick={() => {
          setAsking(true);
        }}
      >
        Delete
      </button>
      {asking && (
        <Dialog label="Delete this word" onClose={close}>
          <div className="stack">
            <h2>
              Delete <Placeholder>{concept.placeholder}</Placeholder>?
            </h2>
            <p className="soft">
              The word, its pictures and its versions go for good, for the whole team. Pictures that were drawn with it stay.
            </p>
            <Problems of={[remove]} />
            <div className="row">
              <button
                type="button"
                className="button bad"
                disabled={remove.isPending}
                onClick={() => {
                  remove.mutate();
                }}
              >
                Delete it
              </button>
              <button type="button" className="button quiet" onClick={close}>
                Keep it
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
