// Ways into the Draw view.
import type { Concept } from "../api/types";

/** A first prompt for a word: an object is shown, a style is tried on something. */
export function firstPrompt({ placeholder, kind }: Pick<Concept, "placeholder" | "kind">): string {
  return kind === "style" ? `a cat in the style of ${placeholder}` : `a photo of ${placeholder}`;
}

export function drawLink(concept: Pick<Concept, "placeholder" | "kind">): string {
  return `/draw?${new URLSearchParams({ prompt: firstPrompt(concept) }).toString()}`;
}
