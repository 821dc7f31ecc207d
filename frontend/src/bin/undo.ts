// What was deleted last, so that it can be undone from wherever the page goes next.
import { useSyncExternalStore } from "react";

import type { BinItem } from "../api/types";

export interface Deleted {
  id: string;
  /** Everything that one action deleted, if that was not one thing alone: restored in one request. */
  ids?: readonly string[];
  kind: BinItem["kind"];
  /** A placeholder, a prompt, a name, or how many of what. */
  label: string;
}

let last: Deleted | null = null;
const listeners = new Set<() => void>();

/** Offers to undo a deletion; null takes the offer back. */
export function offerUndo(deleted: Deleted | null) {
  last = deleted;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useDeleted(): Deleted | null {
  return useSyncExternalStore(subscribe, () => last);
}
