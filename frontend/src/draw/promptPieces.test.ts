import { expect, test } from "vitest";

import { mug } from "../testing/samples";
import { piecesOf, withoutWord } from "./promptPieces";

test("a prompt is cut into words, lists, choices and text, and together they are the prompt", () => {
  const prompt = "a {red|dark {blue|}} <my-mug@2> and <gone>, __colours__ <*> <b";
  const pieces = piecesOf(prompt, [mug]);
  expect(pieces.map((piece) => piece.text).join("")).toBe(prompt);
  expect(pieces.filter((piece) => piece.kind !== "text").map((piece) => [piece.kind, piece.text])).toEqual([
    ["choice", "{blue|}"],
    ["word", "<my-mug@2>"],
    ["word", "<gone>"],
    ["list", "__colours__"],
    ["word", "<*>"],
  ]);
  expect(pieces.find((piece) => piece.kind === "word")).toMatchObject({ concept: { placeholder: mug.placeholder } });
});

test("a word goes as a whole, and text letter by letter", () => {
  expect(withoutWord("a <my-mug> on", 10)).toEqual({ text: "a  on", caret: 2 });
  expect(withoutWord("a <my-mug> on", 11)).toBeNull();
  expect(withoutWord("a <my", 5)).toBeNull();
});
