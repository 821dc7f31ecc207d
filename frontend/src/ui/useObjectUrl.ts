// The address of a file that the browser holds. Components that show the same file share one address.
import { useMemo, useSyncExternalStore } from "react";

interface Held {
  url: string;
  users: number;
}

const held = new Map<Blob, Held>();

/** A `blob:` address of `file`, revoked once no component shows it; null without a file and before the first effect. */
export function useObjectUrl(file: Blob | null): string | null {
  const subscribe = useMemo(() => (file === null ? () => () => undefined : () => hold(file)), [file]);
  return useSyncExternalStore(subscribe, () => (file === null ? null : (held.get(file)?.url ?? null)));
}

/** Takes part in the address of a file; the returned function leaves it. */
function hold(file: Blob): () => void {
  const entry = held.get(file) ?? { url: URL.createObjectURL(file), users: 0 };
  entry.users += 1;
  held.set(file, entry);
  return () => {
    entry.users -= 1;
    if (entry.users > 0) return;
    held.delete(file);
    URL.revokeObjectURL(entry.url);
  };
}
