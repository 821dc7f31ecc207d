// Removes what a word was taught from, and leaves the word. Asked in a window, because it cannot be undone.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { queryClient } from "../api/queries";
import type { Concept } from "../api/types";
import { Dialog } from "../ui/Dialog";
import { Problems } from "../ui/Notice";
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
  function close() {
    setAsking(false);
  }
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
        <Dialog label="Forget the pictures" onClose={close}>
          <div className="stack">
            <h2>
              Forget what <Placeholder>{concept.placeholder}</Placeholder> was taught from?
            </h2>
            <p className="soft">
              The pictures go for good, at once and of every version. The word stays, and draws as before. To teach it again,
              somebody has to bring new pictures.
            </p>
            <Problems of={[forget]} />
            <div className="row">
              <button
                type="button"
                className="button bad"
                disabled={forget.isPending}
                onClick={() => {
                  forget.mutate();
                }}
              >
                Forget them
              </button>
              <button type="button" className="button quiet" onClick={close}>
                Keep them
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </p>
  );
}
