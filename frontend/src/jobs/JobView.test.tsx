import { act, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";

import { api } from "../api/client";
import { answerTheUsual, renderPage } from "../testing/page";
import { FakeEventSource } from "../testing/eventSource";
import { mug, training } from "../testing/samples";
import { problem, studio } from "../testing/studio";
import { AwayNotice } from "../ui/AwayNotice";
import { JobView } from "./JobView";

beforeEach(() => {
  FakeEventSource.opened = [];
  vi.stubGlobal("EventSource", FakeEventSource);
});

async function watch(job = training) {
  answerTheUsual();
  studio.answer("GET", "/api/jobs/job", job);
  studio.answer("GET", "/api/concepts/concept", mug);
  const page = renderPage(
    <>
      <AwayNotice />
      <JobView id="job" />
    </>,
  );
  await screen.findByRole("heading", { level: 1 });
  const [events] = FakeEventSource.opened;
  if (events === undefined) throw new Error("the view listens to no events");
  return { ...page, events };
}

function heading(): string {
  return screen.getByRole("heading", { level: 1 }).textContent;
}

test("a training job is followed from the queue to its end", async () => {
  const { events } = await watch();
  expect(events.url).toBe("/api/jobs/job/events");
  expect(heading()).toBe("Waiting to learn <my-mug>");
  events.send("state", { state: "running", attempt: 1 });
  expect(heading()).toBe("Learning <my-mug>");
  events.send("progress", { step: 30, steps_max: 300, seconds_left: 58 });
  expect(screen.getByText(/Step 30 of at most 300; at most 1 min left/)).toBeDefined();
  expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("10");
  events.send("preview", { step: 20, url: "/api/previews/20", prompt: "a photo of <my-mug>" });
  expect(screen.getByAltText("What it draws after 20 steps")).toBeDefined();
  events.send("warning", { detail: "The learning rate was lowered." });
  expect(screen.getByText("The learning rate was lowered.")).toBeDefined();
  events.send("state", { state: "succeeded", attempt: 1 });
  expect(heading()).toBe("It knows <my-mug>");
  expect(await screen.findByRole("link", { name: "Draw with it" })).toBeDefined();
});

test("a stream that breaks asks whether the studio is there, and the page says if it is not", async () => {
  const { events } = await watch();
  studio.on("GET", "/healthz", () => Promise.reject(new TypeError("Failed to fetch")));
  events.break();
  expect(await screen.findByText(/The studio does not answer/)).toBeDefined();
  studio.answer("GET", "/healthz", {});
  await act(() => api.GET("/api/me"));
  expect(screen.queryByText(/The studio does not answer/)).toBeNull();
});

test("a failed job says why", async () => {
  const { events } = await watch({ ...training, state: "failed", error: { ...problem(undefined, { detail: "The memory ran out." }) } });
  events.send("state", { state: "failed", attempt: 3 });
  expect(heading()).toBe("It could not learn <my-mug>");
  expect(screen.getByText("The memory ran out.")).toBeDefined();
});

test("stopping asks whether to keep the best so far", async () => {
  const { user, events } = await watch({ ...training, state: "running", attempt: 1 });
  events.send("state", { state: "running", attempt: 1 });
  events.send("preview", { step: 20, url: "/api/previews/20", prompt: "" });
  await user.click(screen.getByRole("button", { name: "Stop" }));
  studio.refuse("POST", "/api/jobs/job/cancel", problem(undefined, { detail: "It has ended already." }));
  await user.click(screen.getByRole("button", { name: "Keep the best so far" }));
  expect((await screen.findByRole("alert")).textContent).toContain("It has ended already.");
  studio.answer("POST", "/api/jobs/job/cancel", { ...training, cancel: "keep" });
  await user.click(screen.getByRole("button", { name: "Keep the best so far" }));
  await waitFor(() => {
    expect(screen.queryByRole("dialog")).toBeNull();
  });
  expect(studio.received("POST", "/api/jobs/job/cancel").at(-1)?.body).toEqual({ keep: true });
});

test("a job that cannot be found says so", async () => {
  answerTheUsual();
  studio.refuse("GET", "/api/jobs/job", problem(undefined, { status: 404, detail: "There is no such job." }));
  renderPage(<JobView id="job" />);
  expect((await screen.findByRole("alert")).textContent).toContain("There is no such job.");
});
