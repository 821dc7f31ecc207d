import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";

import { answerTheUsual, renderPage } from "../testing/page";
import { me, training } from "../testing/samples";
import { problem, studio } from "../testing/studio";
import { QueueView } from "./QueueView";

const running = { ...training, id: "running", state: "running" as const, ahead: null, title: "<fox>" };

function answerJobs() {
  answerTheUsual();
  const second = { ...training, id: "second", ahead: 1, title: "second" };
  studio.answer("GET", "/api/jobs", { items: [second, { ...training, title: "first" }, running], next: null });
}

test("running and waiting jobs are listed apart, the waiting ones in their order", async () => {
  answerJobs();
  renderPage(<QueueView />);
  const waiting = await screen.findByRole("region", { name: "Waiting" });
  expect(within(waiting).getAllByRole("link").map((link) => link.textContent)).toEqual(["first", "second"]);
  const runs = screen.getByRole("region", { name: "Running" });
  expect(within(runs).getByRole("link", { name: "Watch" })).toHaveProperty("pathname", "/jobs/running");
});

test("cancelling a job sends it to the studio, and a refusal is shown", async () => {
  answerJobs();
  const { user } = renderPage(<QueueView />);
  studio.refuse("POST", "/api/jobs/job/cancel", problem(undefined, { status: 409, detail: "It has ended already." }));
  await user.click(await screen.findByRole("button", { name: "Cancel first" }));
  expect((await screen.findByRole("alert")).textContent).toContain("It has ended already.");
  expect(studio.received("POST", "/api/jobs/job/cancel")[0]?.body).toEqual({ keep: false });
});

test("a viewer can cancel nothing", async () => {
  answerJobs();
  renderPage(<QueueView />, { ...me, role: "viewer" });
  await screen.findByRole("region", { name: "Waiting" });
  expect(screen.queryByRole("button", { name: /Cancel/ })).toBeNull();
});
