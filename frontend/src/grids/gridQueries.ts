// What the page knows of grids.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answer, api } from "../api/client";
import { isBeingDrawn } from "../api/queries";

const PAGE = 24;
const WATCH_MS = 2500;

export function grid(id: string) {
  return queryOptions({
    queryKey: ["generations", "grid", id],
    queryFn: ({ signal }) => answer(api.GET("/api/grids/{grid_id}", { params: { path: { grid_id: id } }, signal })),
    refetchInterval: ({ state }) => (state.data && isBeingDrawn(state.data) ? WATCH_MS : false),
  });
}

export const grids = infiniteQueryOptions({
  queryKey: ["generations", "grids"],
  queryFn: ({ signal, pageParam }) => answer(api.GET("/api/grids", { params: { query: { cursor: pageParam, limit: PAGE } }, signal })),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next,
});
