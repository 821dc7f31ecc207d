import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { answerTheUsual, renderPage } from "../testing/page";
import { problem, studio } from "../testing/studio";
import { DrawView } from "./DrawView";

test("with one base model a refusal about the base model is shown as a notice", async () => {
  answerTheUsual();
  studio.refuse("POST", "/api/generations", problem("base_model"));
  const { user } = renderPage(<DrawView />);
  await user.type(await screen.findByLabelText("What to draw"), "a cat");
  await user.click(screen.getByRole("button", { name: "Draw" }));
  expect(await screen.findByRole("alert")).toHaveProperty("textContent", expect.stringContaining("The studio refuses base_model."));
});
