import { describe, expect, it } from "vitest";

import { columnsFor, nextCard, picked } from "./gridSteps";
import { filterFrom, isNarrowed, libraryAddress, noFilter, withTag } from "./libraryFilter";

describe("the address of the library", () => {
  it("says what is looked for, and gives it back", () => {
    const filter = { query: "blue & white", kind: "style" as const, tags: ["küche", "blau"], owner: "01k", sort: "used" as const };
    expect(filterFrom(libraryAddress(filter).slice(1))).toEqual(filter);
    expect(isNarrowed(filter)).toBe(true);
  });

  it("takes a tag in and out, and an order alone leaves no word out", () => {
    const one = withTag(noFilter, "red");
    expect([one.tags, withTag(one, "red").tags]).toEqual([["red"], []]);
    expect([isNarrowed(one), isNarrowed({ ...noFilter, sort: "name" })]).toEqual([true, false]);
  });

  it("is bare without a filter, and passes over a kind that does not exist", () => {
    expect(libraryAddress(noFilter)).toBe("/");
    expect(filterFrom("?kind=sculpture")).toEqual(noFilter);
  });
});

describe("the selection", () => {
  const words = ["a", "b", "c", "d"].map((id) => ({ id }));

  it("takes a word in and out, and a range in", () => {
    expect(picked(words, new Set(["a"]), 0, null)).toEqual(new Set());
    expect(picked(words, new Set(), 2, null)).toEqual(new Set(["c"]));
    expect(picked(words, new Set(["d"]), 0, 2)).toEqual(new Set(["a", "b", "c", "d"]));
    expect(picked(words, new Set(["a"]), 9, null)).toEqual(new Set(["a"]));
  });
});

describe("the grid of cards", () => {
  it("has two columns on a phone and as many as fit elsewhere", () => {
    expect([columnsFor(358), columnsFor(1100), columnsFor(3700)]).toEqual([2, 5, 17]);
  });

  it("is walked with the arrow keys, and nothing leads out of it", () => {
    const step = (key: string, from: number) => nextCard(key, from, 12, 5);
    expect([step("ArrowRight", 0), step("ArrowDown", 1), step("ArrowUp", 7), step("ArrowLeft", 5)]).toEqual([1, 6, 2, 4]);
    expect([step("Home", 7), step("End", 2)]).toEqual([0, 11]);
    expect([step("ArrowLeft", 0), step("ArrowUp", 3), step("ArrowRight", 11), step("ArrowDown", 11), step("a", 3)]).toEqual([
      null, null, null, null, null,
    ]);
  });

  it("goes to the last card where the row below is shorter", () => {
    expect(nextCard("ArrowDown", 8, 12, 5)).toBe(11);
  });
});
