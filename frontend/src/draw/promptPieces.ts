// What a prompt consists of, to be marked while it is typed. Pure. The pieces together are the prompt, letter by letter.
import type { Concept } from "../api/types";

export type Piece =
  | { kind: "text"; text: string }
  | { kind: "word"; text: string; concept: Concept | undefined }
  | { kind: "list"; text: string }
  | { kind: "choice"; text: string };

// A placeholder, a list, and the innermost choices; `<*>` is the word of a grid's cell.
const PIECE = /(<(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:@[0-9]+)?|\*)>|__[a-z0-9](?:[a-z0-9-]*[a-z0-9])?__|\{[^{}|]*(?:\|[^{}|]*)+\})/gi;
const WORD = /<(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:@[0-9]+)?|\*)>$/;

export function piecesOf(text: string, concepts: readonly Concept[]): Piece[] {
  return text
    .split(PIECE)
    .filter((piece) => piece !== "")
    .map((piece) => {
      if (piece.startsWith("<") && piece.endsWith(">")) return { kind: "word", text: piece, concept: conceptOf(piece, concepts) };
      if (piece.startsWith("__") && piece.endsWith("__") && piece.length > 4) return { kind: "list", text: piece };
      if (piece.startsWith("{") && piece.endsWith("}") && piece.includes("|")) return { kind: "choice", text: piece };
      return { kind: "text", text: piece };
    });
}

/** The prompt without the word that ends at the caret, so that one press of Backspace takes a word; null if none ends there. */
export function withoutWord(text: string, caret: number): { text: string; caret: number } | null {
  const found = WORD.exec(text.slice(0, caret));
  return found === null ? null : { text: text.slice(0, found.index) + text.slice(caret), caret: found.index };
}

function conceptOf(written: string, concepts: readonly Concept[]): Concept | undefined {
  const placeholder = written.replace(/@[0-9]+>$/, ">");
  return concepts.find((concept) => concept.placeholder === placeholder);
}
