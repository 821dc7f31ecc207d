import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";

import { UndoNotice } from "../bin/UndoNotice";
import { answerTheUsual, renderPage } from "../testing/page";
import { generation, me } from "../testing/samples";
import { studio } from "../testing/studio";
import type { Board, GalleryImage } from "./gallery";
import { HistoryView } from "./HistoryView";

const board: Board = { id: "board", name: "Autumn", pictures: 0, cover: [], created_by: me.user, may_change: true, created_at: generation.created_at };

function picture(number: number, more: Partial<GalleryImage> = {}): GalleryImage {
  const recipe = { prompt: `a cat, ${number}`, negative_prompt: "", base_model: "demo", steps: 20, guidance: 3, scheduler: "ddim", concepts: [] };
  return {
    id: `picture-${number}`,
    url: `/api/images/picture-${number}`,
    index: number,
    seed: 7 + number,
    width: 512,
    height: 512,
    recipe,
    kept: false,
    created_at: generation.created_at,
    generation_id: "generation",
    prompt: `a cat, ${number}`,
    created_by: me.user,
    may_change: true,
    board_ids: [],
    ...more,
  };
}

beforeEach(() => {
  history.replaceState(null, "", "/history");
  answerTheUsual();
  studio.answer("GET", "/api/members", { items: [], next: null });
  studio.answer("GET", "/api/boards", { items: [board], next: null });
  studio.answer("GET", "/api/images", { items: [picture(1), picture(2), picture(3, { may_change: false })], next: null });
});

async function open() {
  const { user } = renderPage(
    <>
      <HistoryView />
      <UndoNotice />
    </>,
  );
  const tile = (number: number) => screen.getByRole("row", { name: `a cat, ${number}` });
  await screen.findByRole("row", { name: "a cat, 1" });
  return { user, tile };
}

test("thumbnails are asked for at the size at which they are shown", async () => {
  const { tile } = await open();
  expect(tile(1).querySelector("img")?.getAttribute("src")).toBe("/api/images/picture-1?format=webp&width=320");
});

test("what is typed is in the address after a pause, the field keeps the focus, and Clear empties both", async () => {
  const { user } = await open();
  const field = screen.getByLabelText("Search the prompts");
  await user.type(field, "beach mug");
  await waitFor(() => {
    expect(location.search).toBe("?query=beach+mug");
  });
  expect(document.activeElement).toBe(field);
  await user.click(screen.getByRole("button", { name: "Clear" }));
  expect(location.search).toBe("");
  expect(field).toHaveProperty("value", "");
});

test("Shift selects everything between two pictures", async () => {
  const { user, tile } = await open();
  await user.click(within(tile(1)).getByRole("checkbox"));
  await user.keyboard("{Shift>}");
  await user.click(tile(3));
  await user.keyboard("{/Shift}");
  expect(screen.getByText("3")).toBeDefined();
  expect(screen.getAllByRole("row", { selected: true })).toHaveLength(3);
});

test("selected pictures are deleted in one request and come back in one", async () => {
  studio.answer("POST", "/api/images/delete", { item_ids: ["picture-1", "picture-2"] });
  studio.answer("POST", "/api/bin/restore", { items: [] });
  const { user, tile } = await open();
  for (const number of [1, 2]) await user.click(within(tile(number)).getByRole("checkbox"));
  const bar = screen.getByRole("region", { name: "Selected pictures" });
  const zip = within(bar).getByRole("link", { name: "Download" });
  expect(zip.getAttribute("href")).toBe("/api/images.zip?id=picture-1&id=picture-2");
  await user.click(within(bar).getByRole("button", { name: "Delete" }));
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => {
    expect(studio.received("POST", "/api/bin/restore")).toHaveLength(1);
  });
  expect(studio.received("POST", "/api/images/delete")[0]?.body).toEqual({ ids: ["picture-1", "picture-2"] });
  expect(studio.received("POST", "/api/bin/restore")[0]?.body).toEqual({ ids: ["picture-1", "picture-2"] });
});

test("somebody else's picture among the selected ones cannot be deleted, and the keyboard selects", async () => {
  const { user, tile } = await open();
  tile(3).focus();
  await user.keyboard(" ");
  const bar = await screen.findByRole("region", { name: "Selected pictures" });
  expect(within(bar).getByRole("button", { name: "Delete" })).toHaveProperty("disabled", true);
  await user.keyboard("{Delete}");
  expect(studio.received("POST", "/api/images/delete")).toEqual([]);
});

test("two pictures are compared by a slider that the keyboard moves", async () => {
  const { user, tile } = await open();
  for (const number of [1, 2]) await user.click(within(tile(number)).getByRole("checkbox"));
  await user.click(screen.getByRole("button", { name: "Compare" }));
  expect(screen.getByRole("slider")).toHaveProperty("value", "50");
  expect(screen.getByAltText("Left: a cat, 1, seed 8").style.clipPath).toContain("50%");
  await user.click(screen.getByRole("button", { name: "Swap" }));
  expect(screen.getByAltText("Left: a cat, 2, seed 9")).toBeDefined();
});

test("a picture is put on a board that exists and on a new one", async () => {
  studio.answer("PATCH", "/api/boards/*/images", board);
  studio.answer("POST", "/api/boards", { ...board, id: "new" });
  const { user, tile } = await open();
  await user.click(within(tile(1)).getByRole("checkbox"));
  await user.click(screen.getByRole("button", { name: "Add to a board" }));
  const dialog = screen.getByRole("dialog", { name: "Boards" });
  await user.click(within(dialog).getByRole("button", { name: /Autumn/ }));
  await user.type(within(dialog).getByLabelText("Name of a new board"), "Covers");
  await user.click(within(dialog).getByRole("button", { name: "Make it" }));
  await waitFor(() => {
    expect(studio.received("PATCH", "/api/boards/new/images")).toHaveLength(1);
  });
  expect(studio.received("PATCH", "/api/boards/board/images")[0]?.body).toEqual({ add: ["picture-1"] });
  expect(studio.received("POST", "/api/boards")[0]?.body).toEqual({ name: "Covers" });
});

test("a drawing that runs can be stopped from here", async () => {
  const running = { id: "job", kind: "generation", title: "a dog", state: "running", created_by: me.user };
  studio.answer("GET", "/api/jobs", { items: [running], next: null });
  studio.answer("POST", "/api/jobs/*/cancel", running);
  const { user } = await open();
  await user.click(await screen.findByRole("button", { name: "Stop" }));
  expect(studio.received("POST", "/api/jobs/job/cancel")).toHaveLength(1);
});
