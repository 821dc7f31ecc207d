// Which drawings the page listens to. Pure. The others are asked for now and then, with the rest of the history.
import type { Generation } from "../api/types";

// A browser has six connections to a studio without https, and every listener keeps one.
const LIVE_MAX = 3;

/** The ids of those that run, then of those that wait, the ones that were asked for first before the others. */
export function liveGenerationIds(generations: readonly Pick<Generation, "id" | "state">[]): ReadonlySet<string> {
  const of = (state: Generation["state"]) =>
    generations
      .filter((each) => each.state === state)
      .map(({ id }) => id)
      .reverse();
  return new Set([...of("running"), ...of("queued")].slice(0, LIVE_MAX));
}
