// The generations whose job events the page listens to. Pure. The others are polled with the rest of the history.
import type { Generation } from "../api/types";

// Over HTTP/1.1 a browser opens six connections to a host, and each listener keeps one.
const LIVE_MAX = 3;

/** The ids of running generations, then of queued ones, oldest first, up to the limit. */
export function liveGenerationIds(generations: readonly Pick<Generation, "id" | "state">[]): ReadonlySet<string> {
  const of = (state: Generation["state"]) =>
    generations
      .filter((each) => each.state === state)
      .map(({ id }) => id)
      .reverse();
  return new Set([...of("running"), ...of("queued")].slice(0, LIVE_MAX));
}
