import { expect, test } from "vitest";

import type { CheckedPicture } from "../api/types";
import { checkFor, pictureFields, pictureOf, picturesIn, remarksOn, scoreText, withAdded } from "./pictures";

function file(name: string, size = 3) {
  return new File(["x".repeat(size)], name, { lastModified: 1 });
}

const checked: CheckedPicture = {
  index: 0,
  name: "a.jpg",
  width: 400,
  height: 200,
  crop: { x: 100, y: 0, size: 200 },
  masked: false,
  warnings: [{ code: "small", detail: "It is small." }],
  problem: null,
};

test("a file that is dropped twice is taken once", () => {
  const files = withAdded([pictureOf(file("a.jpg"))], [file("a.jpg"), file("a.jpg", 4), file("b.jpg")]);
  expect(files.map(({ file: { name, size } }) => [name, size])).toEqual([
    ["a.jpg", 3],
    ["a.jpg", 4],
    ["b.jpg", 3],
  ]);
});

test("of pasted files the pictures are taken, and two screenshots do not count as one", () => {
  const picture = (name: string) => new File(["x"], name, { type: "image/png", lastModified: 1 });
  const found = picturesIn([picture("image.png"), picture("image.png"), new File(["x"], "a.txt", { type: "text/plain" }), picture("b.png")], 7);
  expect(found.map(({ name }) => name)).toEqual(["pasted-7.png", "pasted-8.png", "b.png"]);
});

test("what was changed about a picture is sent at its place, and nothing where nothing was", () => {
  const plain = pictureOf(file("a.jpg"));
  expect(pictureFields([plain, pictureOf(file("b.jpg"))]).edits).toEqual([]);
  const mask = file("b-mask.png");
  const changed = { ...plain, square: { x: 1, y: 2, size: 30, turn: 90 }, mask, caption: " on a table " };
  const { images, edits, masks } = pictureFields([plain, changed]);
  expect([images.length, masks]).toEqual([2, [mask]]);
  expect(edits.map((edit) => JSON.parse(edit) as unknown)).toEqual([
    {},
    { crop: { x: 1, y: 2, size: 30 }, turn: 90, mask: 0, caption: "on a table" },
  ]);
});

test("a score is told in words", () => {
  expect([100, 85, 84, 60, 59].map(scoreText)).toEqual([
    "Ready to teach",
    "Ready to teach",
    "Good enough; better is possible",
    "Good enough; better is possible",
    "It would learn little from these",
  ]);
});

test("warnings are told as warnings, and a problem outweighs them", () => {
  expect(remarksOn(0, checked, null)).toEqual([{ grave: false, text: "It is small." }]);
  const spoilt = { ...checked, problem: { code: "twice", detail: "It is there twice." } };
  expect(remarksOn(0, spoilt, null)).toEqual([{ grave: true, text: "It is there twice." }]);
});

test("the refusal of an upload is told under the picture that it is about", () => {
  const refusal = {
    type: "/problems/picture-truncated",
    title: "",
    status: 422,
    detail: "",
    pictures: [{ index: 1, name: "b.jpg", detail: "Picture 2 (b.jpg) ends too early." }],
  };
  expect(remarksOn(1, checked, refusal)).toEqual([{ grave: true, text: "Picture 2 (b.jpg) ends too early." }]);
  expect(remarksOn(0, checked, refusal)[0]?.grave).toBe(false);
});

test("an answer about other pictures is not shown", () => {
  const check = { ok: true, pictures: [checked], problems: [] };
  expect(checkFor([pictureOf(file("a.jpg"))], check)).toBe(check);
  expect(checkFor([pictureOf(file("b.jpg"))], check)).toBeUndefined();
  expect(checkFor([pictureOf(file("a.jpg")), pictureOf(file("b.jpg"))], check)).toBeUndefined();
});

test("of a cut-out picture it is said that only what is left is learned from", () => {
  const texts = remarksOn(0, { ...checked, masked: true }, null).map(({ text }) => text);
  expect(texts).toEqual(["Parts of it are left out. Only the rest is learned from.", "It is small."]);
});
