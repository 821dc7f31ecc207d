import { describe, expect, test } from "vitest";

import { asPlaceholder, placeholderFault, proposalSource } from "./placeholder";

test.each([
  ["My Mug!", "<my-mug>"],
  ["Grandma’s mug", "<grandmas-mug>"],
  ["  Café Zoë ", "<cafe-zoe>"],
  ["<pip>", "<pip>"],
  ["snake_case_2", "<snake-case-2>"],
  ["猫", ""],
  ["", ""],
  ["a".repeat(60), `<${"a".repeat(40)}>`],
  [`${"a".repeat(39)} b`, `<${"a".repeat(39)}>`],
])("%j becomes %j", (typed, placeholder) => {
  expect(asPlaceholder(typed)).toBe(placeholder);
});

describe("what is wrong with a placeholder", () => {
  const taken = new Set(["<my-mug>"]);

  test.each(["<my-mug-2>", "<a>", "<7>", " <pip> "])("%j can be used", (text) => {
    expect(placeholderFault(text, taken)).toBeNull();
  });

  test.each(["my-mug-2", "<My-Mug>", "<my mug>", "<my_mug>", "<-mug>", "<mug->", "<>"])("%j cannot", (text) => {
    expect(placeholderFault(text, taken)).toContain("between < and >");
  });

  test("a malformed one comes back mended", () => {
    expect(placeholderFault("My mug", taken)).toContain("such as <my-mug>");
  });

  test("one of the library's is taken", () => {
    expect(placeholderFault("<my-mug>", taken)).toContain("is taken");
  });

  test("none at all is asked for", () => {
    expect(placeholderFault(" ", taken)).toContain("Give your word a name");
  });
});

describe("what a placeholder is proposed from", () => {
  test("is the name, if there is one", () => {
    expect(proposalSource("Grandma’s Mug", "mug")).toBe("grandmas mug");
  });

  test("is what the thing is like, if it has no name, or none in Latin letters", () => {
    expect(proposalSource("", " mug ")).toBe("mug");
    expect(proposalSource("猫", "cat")).toBe("cat");
  });
});
