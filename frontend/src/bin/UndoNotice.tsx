// After something was deleted: what, and the way back. It stays for a while, on whatever view.
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "wouter";

import { answer, api } from "../api/client";
import { problemOf } from "../api/problem";
import { Icon } from "../ui/Icon";
import { Prompt } from "../ui/Placeholder";
import { refreshLibrary } from "./refreshLibrary";
import { offerUndo, useDeleted, type Deleted } from "./undo";

const SHOWN_MS = 15_000;

export function UndoNotice() {
  const deleted = useDeleted();
  return (
    <div role="status" className="undo-place">
      {deleted && <Offer key={deleted.id} deleted={deleted} />}
    </div>
  );
}

function Offer({ deleted }: { deleted: Deleted }) {
  const undo = useMutation({
    mutationFn: async () => {
      if (deleted.ids) await answer(api.POST("/api/bin/restore", { body: { ids: [...deleted.ids] } }));
      else await answer(api.POST("/api/bin/{item_id}/restore", { params: { path: { item_id: deleted.id } } }));
    },
    onSuccess: () => {
      offerUndo(null);
      return refreshLibrary();
    },
  });
  useEffect(() => {
    if (undo.isError) return; // a problem stays until it is read
    const timer = setTimeout(() => {
      offerUndo(null);
    }, SHOWN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [undo.isError]);
  return (
    <div className="undo">
      <p className="grow">
        {undo.isError ? (
          <>
            {problemOf(undo.error).detail} <Link href="/bin">Go to the bin</Link>
          </>
        ) : (
          <>
            Deleted <span className="named">{named(deleted)}</span>
          </>
        )}
      </p>
      {!undo.isError && (
        <button
          type="button"
          className="button small"
          disabled={undo.isPending}
          onClick={() => {
            undo.mutate();
          }}
        >
          Undo
        </button>
      )}
      <button
        type="button"
        className="button small quiet"
        aria-label="Dismiss"
        onClick={() => {
          offerUndo(null);
        }}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}

function named({ kind, label, ids }: Deleted) {
  if (kind === "concept" && (ids?.length ?? 1) === 1) return <Prompt>{label}</Prompt>;
  return ids ? label : `“${label}”`;
}
