// The size that a person asks for is held to the limit of the base model before it is sent.
import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { demo } from "../testing/samples";
import { answerTheUsual, renderPage } from "../testing/page";
import { DrawView } from "./DrawView";
import { sizeFault, sizeHint } from "./sizeLimit";

test.each([
  ["128", "128", null],
  ["256", "64", null],
  ["", "", null],
  ["1024", "1024", "width"],
  ["", "264", "height"],
  ["136", "128", "width"],
])("a picture of %s × %s is refused at %s", (width, height, field) => {
  expect(sizeFault({ width, height }, demo)?.field ?? null).toBe(field);
});

test("a model that is not ready has no limit yet, and the service decides", () => {
  const unready = { ...demo, pixels_max: null, side_max: null };
  expect(sizeHint(unready)).toBeUndefined();
  expect(sizeFault({ width: "2048", height: "2048" }, unready)).toBeNull();
});

test("the Draw form says what fits, and does not send what does not", async () => {
  answerTheUsual();
  const { user } = renderPage(<DrawView />);
  await user.type(await screen.findByLabelText("What to draw"), "a cat");
  await screen.findByText(/Up to 128 × 128/);
  const draw = screen.getByRole("button", { name: "Draw" });
  expect(draw).toHaveProperty("disabled", false);
  fireEvent.change(screen.getByLabelText("Width"), { target: { value: "1024" } });
  expect(screen.getByRole("alert").textContent).toContain("1024 × 64 is too large for Demo.");
  expect(draw).toHaveProperty("disabled", true);
  fireEvent.change(screen.getByLabelText("Width"), { target: { value: "128" } });
  expect(draw).toHaveProperty("disabled", false);
});
