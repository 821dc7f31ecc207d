// Whether the studio answers. A request that gets no answer starts a probe, which ends with the first answer to anything.
import { useSyncExternalStore } from "react";

const PROBE_MS = 3000;

let away = false;
let timer: number | undefined;
const listeners = new Set<() => void>();
const returns = new Set<() => void>();

/** `fetch`, which also notes whether there was an answer. */
export async function watchedFetch(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    setAway(false);
    return response;
  } catch (error) {
    if (!request.signal.aborted) setAway(true);
    throw error;
  }
}

/** Asks at once whether the studio answers, because something else got no answer, such as a stream of events. */
export function probeNow() {
  if (!away) void probe();
}

/** Calls `listener` whenever the studio answers again. */
export function onReturn(listener: () => void) {
  returns.add(listener);
}

/** Whether the last request had no answer. */
export function useAway(): boolean {
  return useSyncExternalStore(subscribe, () => away);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function setAway(now: boolean) {
  if (now === away) return;
  away = now;
  window.clearTimeout(timer);
  if (away) timer = window.setTimeout(() => void probe(), PROBE_MS);
  else for (const listener of returns) listener();
  for (const listener of listeners) listener();
}

async function probe() {
  try {
    await fetch("/healthz", { cache: "no-store" });
    setAway(false);
  } catch {
    setAway(true);
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void probe(), PROBE_MS);
  }
}
