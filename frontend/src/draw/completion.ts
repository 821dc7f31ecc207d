// Completing <placeholders> while a prompt is typed. Pure: text and caret in, text and caret out.
import type { Concept } from "../api/types";

/** The word being typed: where its "<" stands, where the caret is, and the letters between. */
export interface Opening {
  start: number;
  end: number;
  letters: string;
}

const TYPING = /<([a-z0-9-]*)$/i;
const MATCHES_MAX = 6;

/** The placeholder that the caret is in, or null. */
export function openingAt(text: string, caret: number): Opening | null {
  const found = TYPING.exec(text.slice(0, caret));
  return found === null ? null : { start: found.index, end: caret, letters: (found[1] ?? "").toLowerCase() };
}

/** Words that can be meant: those that begin with the letters first, then those that hold them, or are called so. */
export function matches(concepts: readonly Concept[], letters: string): Concept[] {
  const usable = concepts.filter((concept) => concept.current_version !== null);
  const begins = usable.filter((concept) => concept.placeholder.startsWith(`<${letters}`));
  const holds = usable.filter(
    (concept) => !begins.includes(concept) && `${concept.placeholder} ${concept.name}`.toLowerCase().includes(letters),
  );
  return [...begins, ...holds].slice(0, MATCHES_MAX);
}

/** The prompt with the word in place of what was typed of it, and the caret behind it. */
export function completed(text: string, opening: Opening, placeholder: string): { text: string; caret: number } {
  const rest = text.slice(opening.end).replace(/^[a-z0-9-]*>?/i, "");
  const space = rest === "" || !/^[\s.,;:)]/.test(rest) ? " " : "";
  const before = text.slice(0, opening.start) + placeholder + space;
  return { text: before + rest, caret: before.length };
}

/** The prompt with a word set at the caret, a space on each side where one is missing. */
export function inserted(text: string, caret: number, placeholder: string): { text: string; caret: number } {
  const before = text.slice(0, caret);
  const gap = before === "" || /\s$/.test(before) ? "" : " ";
  return completed(before + gap + text.slice(caret), { start: caret + gap.length, end: caret + gap.length, letters: "" }, placeholder);
}
