// Asks before something that cannot be undone.
import type { ReactNode } from "react";

import { Dialog } from "./Dialog";
import { Problems } from "./Notice";

interface ConfirmDialogProps {
  label: string;
  question: ReactNode;
  confirm: string;
  keep: string;
  action: { isPending: boolean; isError: boolean; error: unknown; mutate: () => void };
  onClose: () => void;
  /** The consequences. */
  children: ReactNode;
}

export function ConfirmDialog({ label, question, confirm, keep, action, onClose, children }: ConfirmDialogProps) {
  return (
    <Dialog label={label} onClose={onClose}>
      <div className="stack">
        <h2>{question}</h2>
        <p className="soft">{children}</p>
        <Problems of={[action]} />
        <div className="row">
          <button
            type="button"
            className="button bad"
            disabled={action.isPending}
            onClick={() => {
              action.mutate();
            }}
          >
            {confirm}
          </button>
          <button type="button" className="button quiet" onClick={onClose}>
            {keep}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
