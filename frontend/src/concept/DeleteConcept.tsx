// Taking a word out of the library. Asked in a window, because it cannot be undone.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";

import { answer, api } from "../api/client";
import { queryClient } from "../api/queries";
import type { Concept } from "../api/types";
import { ConfirmDialog } from "../ui/ConfirmDialog";
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
          The word, its pictures and its versions go for good, for the whole team. Pictures that were drawn with it stay.
        </ConfirmDialog>
      )}
    </>
  );
}
