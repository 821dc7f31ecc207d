import { expect, test } from "vitest";

import { codeFor, LANGUAGES } from "./codeFor";

const request = { prompt: "Ada's <my-mug>", negative_prompt: "", count: 2, seed: null, concepts: [], guidance: [2, 4.5] };

test("every language sends what the form says, to the same address, and nothing that is empty", () => {
  for (const language of LANGUAGES) {
    const code = codeFor(language, "http://studio.test", "/api/generations", request);
    expect(code).toContain("/api/generations");
    expect(code).toContain("http://studio.test");
    expect(code).toContain('"count": 2');
    expect(code).not.toContain("negative_prompt");
    expect(code).not.toContain("seed");
    expect(code).not.toContain("concepts");
    expect(code).toContain("ONEWORD_TOKEN");
  }
});

test("a quote in the prompt does not end the text of the shell", () => {
  expect(codeFor("curl", "http://studio.test", "/api/grids", request)).toContain("Ada'\\''s <my-mug>");
});
