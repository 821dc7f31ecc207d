// Puts a drawing into the bin. It is not asked twice: the notice below offers the way back.
import { useMutation } from "@tanstack/react-query";

import { answer, api } from "../api/client";
import type { Generation } from "../api/types";
import { refreshLibrary } from "../bin/refreshLibrary";
import { offerUndo } from "../bin/undo";
import { Problems } from "../ui/Notice";

export function DeleteGeneration({ generation }: { generation: Generation }) {
  const remove = useMutation({
    mutationFn: () =>
      answer(api.DELETE("/api/generations/{generation_id}", { params: { path: { generation_id: generation.id } } })),
    onSuccess: () => {
      offerUndo({ id: generation.id, kind: "generation", label: generation.prompt });
      return refreshLibrary();
    },
  });
  return (
    <>
      <button
        type="button"
        className="button small quiet"
        aria-label={`Delete ${generation.prompt}`}
        disabled={remove.isPending}
        onClick={() => {
          remove.mutate();
        }}
      >
        Delete
      </button>
      <Problems of={[remove]} />
    </>
  );
}
