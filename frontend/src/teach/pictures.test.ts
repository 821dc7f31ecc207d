import { expect, test } from "vitest";

import type { CheckedPicture } from "../api/types";
import { checkFor, cropInPercent, remarksOn, withAdded } from "./pictures";

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
  const files = withAdded([file("a.jpg")], [file("a.jpg"), file("a.jpg", 4), file("b.jpg")]);
  expect(files.map(({ name, size }) => [name, size])).toEqual([
    ["a.jpg", 3],
    ["a.jpg", 4],
    ["b.jpg", 3],
  ]);
});

test("the square is drawn where it is, whatever size the picture is shown at", () => {
  expect(cropInPercent(checked)).toEqual({ left: "25%", top: "0%", width: "50%", height: "100%" });
  expect(cropInPercent({ ...checked, crop: null })).toBeNull();
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
  expect(checkFor([file("a.jpg")], check)).toBe(check);
  expect(checkFor([file("b.jpg")], check)).toBeUndefined();
  expect(checkFor([file("a.jpg"), file("b.jpg")], check)).toBeUndefined();
});

test("of a cut-out picture it is said that only what is left is learned from", () => {
  const texts = remarksOn(0, { ...checked, masked: true }, null).map(({ text }) => text);
  expect(texts).toEqual(["Parts of it are transparent. Only the rest is learned from.", "It is small."]);
});
