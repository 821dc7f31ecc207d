// What the history asks the studio for, and what it changes there.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { answer, api } from "../api/client";
import { queryClient } from "../api/queries";
import type { paths } from "../api/schema";
import { galleryQuery, type GalleryFilter } from "./galleryFilter";

type Answer<Path extends keyof paths> = paths[Path] extends { get: { responses: { 200: { content: { "application/json": infer Body } } } } } ? Body : never;
export type GalleryImage = Answer<"/api/images">["items"][number];
export type Board = Answer<"/api/boards/{board_id}">;

const PAGE = 60;
const WATCH_MS = 2500;
/** Most pictures that one request names. */
export const AT_ONCE = 200;

/** Drawn pictures, newest first, page by page. */
export function gallery(filter: GalleryFilter) {
  return infiniteQueryOptions({
    queryKey: ["generations", "gallery", filter],
    queryFn: ({ signal, pageParam }) =>
      answer(api.GET("/api/images", { params: { query: { ...galleryQuery(filter), cursor: pageParam, limit: PAGE } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
}

export const boards = queryOptions({
  queryKey: ["generations", "boards"],
  queryFn: async ({ signal }) => (await answer(api.GET("/api/boards", { params: { query: { limit: 100 } }, signal }))).items,
});

/** The team's drawings that wait or run. */
export const drawingJobs = queryOptions({
  queryKey: ["jobs", "drawing"],
  queryFn: async ({ signal }) =>
    (await answer(api.GET("/api/jobs", { params: { query: { active: true, kind: "generation", limit: 20 } }, signal }))).items,
  refetchInterval: ({ state }) => (state.data?.length ? WATCH_MS : false),
});

export function refreshGallery() {
  return queryClient.invalidateQueries({ queryKey: ["generations"] });
}

/** Puts pictures into the bin, `AT_ONCE` in each request. The ids of what is in the bin then. */
export async function deleteImages(ids: readonly string[]): Promise<string[]> {
  const items: string[] = [];
  for (const part of inParts(ids)) items.push(...(await answer(api.POST("/api/images/delete", { body: { ids: part } }))).item_ids);
  return items;
}

export async function changeBoard(boardId: string, change: { add?: readonly string[]; remove?: readonly string[] }): Promise<void> {
  const params = { path: { board_id: boardId } };
  for (const add of inParts(change.add ?? [])) await answer(api.PATCH("/api/boards/{board_id}/images", { params, body: { add } }));
  for (const remove of inParts(change.remove ?? [])) await answer(api.PATCH("/api/boards/{board_id}/images", { params, body: { remove } }));
}

function inParts(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, index) => ids.slice(index * AT_ONCE, (index + 1) * AT_ONCE));
}

/** The address of a zip of these pictures. */
export function zipAddress(ids: readonly string[]): string {
  return `/api/images.zip?${new URLSearchParams(ids.map((id) => ["id", id])).toString()}`;
}
