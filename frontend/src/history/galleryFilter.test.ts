import { expect, test } from "vitest";

import { everything, filterFrom, galleryQuery, historyAddress, isNarrowed } from "./galleryFilter";

test("the address of the history holds the whole filter and nothing that is not looked for", () => {
  const filter = { query: "beach mug", concept: "c", person: "p", board: "b", since: "2026-11-01", until: "2026-11-02", kept: true };
  const address = historyAddress(filter);
  expect(filterFrom(new URL(address, "http://studio").search)).toEqual(filter);
  expect(historyAddress(everything)).toBe("/history");
  expect(filterFrom("?since=yesterday")).toEqual(everything);
});

test("days begin and end where the reader is, and the last day is part of it", () => {
  const { since, until } = galleryQuery({ ...everything, since: "2026-11-01", until: "2026-11-30" });
  expect(since).toBe(new Date(2026, 10, 1).toISOString());
  expect(until).toBe(new Date(2026, 11, 1).toISOString());
});

test("a board alone narrows nothing", () => {
  expect(isNarrowed({ ...everything, board: "b" })).toBe(false);
  expect(isNarrowed({ ...everything, board: "b", query: "cat" })).toBe(true);
});
