import { expect, it } from "vitest";

import { areWordsOfTheirOwn } from "./fileTypes";

const named = (...names: string[]) => names.map((name) => ({ name }));

it("takes many embedding files as words of their own", () => {
  expect(areWordsOfTheirOwn(named("a.pt", "b.safetensors", "c.bin"))).toBe(true);
  expect(areWordsOfTheirOwn(named("a.png", "b.png", "c.png"))).toBe(true);
});

it("takes one file, the two halves of an SDXL embedding and a folder of the concepts library as one word", () => {
  expect(areWordsOfTheirOwn(named("a.pt"))).toBe(false);
  expect(areWordsOfTheirOwn(named("a.safetensors", "a_2.safetensors"))).toBe(false);
  expect(areWordsOfTheirOwn(named("learned_embeds.bin", "token_identifier.txt", "0.jpeg"))).toBe(false);
  expect(areWordsOfTheirOwn(named("learned_embeds.bin", "0.jpeg", "1.jpeg"))).toBe(false);
});
