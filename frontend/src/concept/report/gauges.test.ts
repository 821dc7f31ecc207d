import { describe, expect, it } from "vitest";

import type { Report, Scores } from "../../api/types";
import { between, gaugesOf } from "./gauges";

const plain: Scores = { likeness: 0.5, editability: 0.4, copying: 0.5 };
const pictures: Scores = { likeness: 0.9, editability: 0.2, copying: 0.9 };

function report(scores: Scores): Report {
  return {
    version: 1,
    scorer: "scorer",
    failed: null,
  job_id: null,
  prompts: [],
    pictures,
    initializer: { text: "mug", scores: plain, drawings: [] },
    checkpoints: [{ step: 1, evaluation: null, chosen: true, scores, drawings: [] }],
  };
}

function said(scores: Scores): string[] {
  return gaugesOf(report(scores), scores).map((gauge) => gauge.said);
}

describe("a place on the way", () => {
  it("is where the score lies between its two ends, whichever is larger", () => {
    expect(between(0.7, 0.5, 0.9)).toBeCloseTo(0.5);
    expect(between(0.3, 0.4, 0.2)).toBeCloseTo(0.5);
  });
  it("is a little beyond an end at most", () => {
    expect(between(9, 0, 1)).toBe(1.15);
    expect(between(-9, 0, 1)).toBe(-0.15);
  });
  it("is in the middle when there is no way", () => {
    expect(between(0.4, 0.4, 0.4)).toBe(0.5);
  });
});

describe("gauges", () => {
  it("praise a word that looks like its pictures and does as it is told", () => {
    expect(said({ likeness: 0.85, editability: 0.39, copying: 0.8 })).toEqual([
      "Unmistakable",
      "As well as the plain word",
      "Draws anew",
    ]);
  });
  it("say when a word has learned nothing, ignores its sentence, or copies", () => {
    expect(said({ likeness: 0.52, editability: 0.22, copying: 0.97 })).toEqual(["Hardly", "Hardly", "Copies a picture"]);
  });
  it("are left out without a scorer", () => {
    expect(gaugesOf({ ...report(plain), pictures: null }, plain)).toEqual([]);
    expect(gaugesOf(report(plain), null)).toEqual([]);
  });
});
