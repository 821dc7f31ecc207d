import { expect, test, vi } from "vitest";

import { tagsIn } from "../ui/tags";

vi.stubGlobal("location", { origin: "http://studio.test" });
const { KAPPAS, trainingOptions, defaultOptions } = await import("./trainingValues");
const { formOf, newIdempotencyKey } = await import("../api/client");

test("tags are separated by commas, without # and without doubles", () => {
  expect(tagsIn(" kitchen, #blue,, kitchen ")).toEqual(["kitchen", "blue"]);
});

test("what is left empty is not sent, so that the base model's own settings apply", () => {
  const form = formOf({ vectors: "", seed: null, mirror: undefined, kind: "style", tags: ["a", "b"], keep: false });
  expect([...form.entries()]).toEqual([
    ["kind", "style"],
    ["tags", "a"],
    ["tags", "b"],
    ["keep", "false"],
  ]);
});

test("each request has a key of its own", () => {
  expect(newIdempotencyKey()).toMatch(/^[0-9a-f]{32}$/);
  expect(newIdempotencyKey()).not.toBe(newIdempotencyKey());
});

test("the slider between likeness and freedom counts only for the way to learn that it belongs to", () => {
  expect(trainingOptions(defaultOptions)).not.toHaveProperty("kappa");
  expect(trainingOptions({ ...defaultOptions, method: "classic" })).not.toHaveProperty("kappa");
  const last = KAPPAS.length - 1;
  expect(trainingOptions({ ...defaultOptions, method: "directional", kappaIndex: last })).toMatchObject({ kappa: KAPPAS[last] });
});

test("a word that has to be as alike as it gets is held by nothing, whatever the base model's own settings are", () => {
  expect(trainingOptions({ ...defaultOptions, method: "classic" })).toMatchObject({ method: "classic", context_weight: 0, prefer: "likeness" });
  expect(trainingOptions(defaultOptions)).not.toHaveProperty("context_weight");
  expect(trainingOptions({ ...defaultOptions, method: "directional" })).not.toHaveProperty("context_weight");
});
