import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";

import { answerTheUsual, renderPage } from "../testing/page";
import { me, mug, pictureFile, training } from "../testing/samples";
import { problem, studio } from "../testing/studio";
import { TeachView } from "./TeachView";

async function open() {
  answerTheUsual();
  studio.answer("POST", "/api/pictures/check", { ok: true, pictures: [], problems: [] });
  const { user } = renderPage(<TeachView />);
  await user.upload(screen.getByLabelText(/Drop pictures here/), ["a.png", "b.png", "c.png"].map(pictureFile));
  await user.type(screen.getByLabelText(/in one plain word/), "mug");
  return { user, send: screen.getByRole("button", { name: "Teach it" }) };
}

test("the form is sent with the pictures and the proposed placeholder, and the page goes to the job", async () => {
  const { user, send } = await open();
  studio.answer("POST", "/api/concepts", { concept: mug, job: training }, 202);
  await waitFor(() => {
    expect(send).toHaveProperty("disabled", false);
  });
  expect(screen.getByLabelText<HTMLInputElement>("Your new word").value).toBe("<my-mug>");
  await user.click(send);
  await waitFor(() => {
    expect(location.pathname).toBe("/jobs/job");
  });
  const [sent] = studio.received("POST", "/api/concepts");
  const fields = sent?.body as [string, unknown][];
  expect(fields.map(([name]) => name)).toEqual(["images", "images", "images", "placeholder", "initializer", "kind"]);
});

test("changing the form takes away what was said about it before", async () => {
  const { user, send } = await open();
  studio.refuse("POST", "/api/concepts", problem("initializer", { suggestions: ["cup"] }));
  await waitFor(() => {
    expect(send).toHaveProperty("disabled", false);
  });
  await user.click(send);
  await user.click(await screen.findByRole("button", { name: "cup" }));
  expect(screen.getByLabelText<HTMLInputElement>(/in one plain word/).value).toBe("cup");
  expect(screen.queryByText("The studio refuses initializer.")).toBeNull();
});

test("a viewer is told who can teach, and sees no form", () => {
  renderPage(<TeachView />, { ...me, role: "viewer" });
  expect(screen.getByText(/You are here to look/)).toBeDefined();
  expect(screen.queryByRole("button", { name: "Teach it" })).toBeNull();
});
