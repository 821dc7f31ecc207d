// Puts a word into the bin. Asked in a window, because it is taken from the whole team.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";

import { answer, api } from "../api/client";
import type { Concept } from "../api/types";
import { refreshLibrary } from "../bin/refreshLibrary";
import { offerUndo } from "../bin/undo";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { Placeholder } from "../ui/Placeholder";

export function DeleteConcept({ concept }: { concept: Concept }) {
  const [asking, setAsking] = useState(false);
  const [, go] = useLocation();
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE("/api/concepts/{concept_id}", { params: { path: { concept_id: concept.id } } })),
    onSuccess: () => {
      go("/");
      offerUndo({ id: concept.id, kind: "concept", label: concept.placeholder });
      return refreshLibrary();
    },
  });
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
        <ConfirmDialog
          label="Delete this word"
          question={
            <>
              Delete <Placeholder>{concept.placeholder}</Placeholder>?
            </>
          }
          confirm="Delete it"
          keep="Keep it"
          action={remove}
          onClose={() => {
            setAsking(false);
          }}
        >
          The word, its pictures and its versions go to the bin, for the whole team, and can be restored from there for a while.
          Pictures that were drawn with it stay.
        </ConfirmDialog>
      )}
    </>
  );
}
