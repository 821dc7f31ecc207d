import { describe, expect, it } from "vitest";

import type { Concept } from "../api/types";
import { completed, inserted, matches, openingAt } from "./completion";

function concept(placeholder: string, name = "", ready = true): Concept {
  return { placeholder, name, current_version: ready ? {} : null } as Concept;
}

describe("the word that is being typed", () => {
  it("begins at the last < before the caret", () => {
    expect(openingAt("a <my-m", 7)).toEqual({ start: 2, end: 7, letters: "my-m" });
  });
  it("is none behind a closed one or in plain text", () => {
    expect(openingAt("a <my-mug> on", 13)).toBeNull();
    expect(openingAt("a mug", 5)).toBeNull();
  });
});

describe("the words that are offered", () => {
  const library = [concept("<our-mug>"), concept("<mug>"), concept("<fox>", "Mugwort"), concept("<mug-new>", "", false)];
  it("are those that begin so, then those that hold it or are called so, and none that is still being learned", () => {
    expect(matches(library, "mug").map((each) => each.placeholder)).toEqual(["<mug>", "<our-mug>", "<fox>"]);
  });
});

describe("completing", () => {
  it("puts the whole word in place and the caret behind it", () => {
    const opening = openingAt("a photo of <my", 14);
    expect(opening && completed("a photo of <my", opening, "<my-mug>")).toEqual({ text: "a photo of <my-mug> ", caret: 20 });
  });
  it("swallows what is left of the word that stood there", () => {
    const opening = openingAt("a <my-mug>, blue", 5);
    expect(opening && completed("a <my-mug>, blue", opening, "<my-cat>")).toEqual({ text: "a <my-cat>, blue", caret: 10 });
  });
  it("sets a word at the caret with the spaces it needs", () => {
    expect(inserted("a photo of", 10, "<fox>")).toEqual({ text: "a photo of <fox> ", caret: 17 });
    expect(inserted("", 0, "<fox>")).toEqual({ text: "<fox> ", caret: 6 });
  });
});
