// The page takes what the service allows from the OpenAPI schema; nothing of it is typed again.
import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { DrawView } from "./draw/DrawView";
import { DEFAULT_STRENGTH, DEFAULT_STRENGTH_IN_MASK } from "./draw/initImage";
import { EMBEDDING_FILE_TYPES } from "./importing/fileTypes";
import { Members } from "./settings/Members";
import { Webhooks } from "./settings/Webhooks";
import { TeachView } from "./teach/TeachView";
import { fieldsOf, type FieldSchema } from "./testing/openapi";
import { answerTheUsual, renderPage } from "./testing/page";
import { studio } from "./testing/studio";

function enumOf(field: FieldSchema | undefined): readonly string[] {
  return field?.enum ?? field?.items?.enum ?? field?.anyOf?.find((each) => each.enum)?.enum ?? [];
}

function choices(label: string): string[] {
  const select = screen.getByLabelText<HTMLSelectElement>(label);
  return [...select.options].map((option) => option.value);
}

test("the Draw form offers the schedulers of the schema, each by a name of its own", async () => {
  answerTheUsual();
  renderPage(<DrawView />);
  await screen.findByLabelText("Scheduler");
  expect(choices("Scheduler")).toEqual(["", ...enumOf(fieldsOf("GenerationRequest").scheduler)]);
  const names = [...screen.getByLabelText<HTMLSelectElement>("Scheduler").options].map((option) => option.text);
  expect(new Set(names).size).toBe(names.length);
});

test("an invitation offers the roles of the schema", () => {
  studio.answer("GET", "/api/members", { items: [], next: null });
  studio.answer("GET", "/api/invitations", { items: [], next: null });
  renderPage(<Members />);
  expect(choices("Role")).toEqual(enumOf(fieldsOf("MemberIn").role));
});

test("a webhook can be told of every event of the schema", async () => {
  studio.answer("GET", "/api/webhooks", { items: [], next: null, enabled: true });
  renderPage(<Webhooks />);
  const group = await screen.findByRole("group", { name: "Told when" });
  expect(group.querySelectorAll("button")).toHaveLength(enumOf(fieldsOf("WebhookIn").events).length);
});

test("the Teach form takes its limits from the schema and from what this studio allows", async () => {
  answerTheUsual();
  renderPage(<TeachView />);
  fireEvent.click(await screen.findByText("More"));
  expect(screen.getByLabelText("Seed")).toHaveProperty("max", String(fieldsOf("Body_create_concept").seed?.maximum));
  expect(screen.getByLabelText("Steps at most")).toHaveProperty("max", "3000");
  expect(choices("How it is learned")).toEqual(["", ...enumOf(fieldsOf("Body_create_concept").method)]);
});

test("the strengths that the slider starts at are those that the service takes when none is sent", () => {
  const said = fieldsOf("GenerationRequest").strength?.description ?? "";
  expect(said.match(/[\d.]*\d/g)?.map(Number)).toEqual([DEFAULT_STRENGTH, DEFAULT_STRENGTH_IN_MASK]);
});

test("the file chooser of an import offers every kind of file that the service names", () => {
  const kinds = fieldsOf("Body_import_concept").file?.description?.match(/\.[a-z]+/g) ?? [];
  expect(kinds.length).toBeGreaterThan(0);
  expect(EMBEDDING_FILE_TYPES.split(",")).toEqual(expect.arrayContaining(kinds));
});
