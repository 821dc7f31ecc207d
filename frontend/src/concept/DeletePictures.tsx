// Removes what a word was taught from, and leaves the word. Asked in a window, because it cannot be undone.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { queryClient } from "../api/queries";
import type { Concept } from "../api/types";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { Placeholder } from "../ui/Placeholder";

export function DeletePictures({ concept }: { concept: Concept }) {
  const [asking, setAsking] = useState(false);
  const forget = useMutation({
    mutationFn: () =>
      answer(api.DELETE("/api/concepts/{concept_id}/pictures", { params: { path: { concept_id: concept.id } } })),
    onSuccess: () => {
      setAsking(false);
      return queryClient.invalidateQueries({ queryKey: ["concepts"] });
    },
  });
  return (
    <p className="small">
      <button
        type="button"
        className="link soft"
        onClick={() => {
          setAsking(true);
        }}
      >
        Forget these pictures
      </button>
      {asking && (
        <ConfirmDialog
          label="Forget the pictures"
          question={
            <>
              Forget what <Placeholder>{concept.placeholder}</Placeholder> was taught from?
            </>
          }
          confirm="Forget them"
          keep="Keep them"
          action={forget}
          onClose={() => {
            setAsking(false);
          }}
        >
          The pictures go for good, at once and of every version. The word stays, and draws as before. To teach it again,
          somebody has to bring new pictures.
        </ConfirmDialog>
      )}
    </p>
  );
}
