// The team's presets and the lists that prompts take lines from.
import { queryOptions } from "@tanstack/react-query";

import { answer, api } from "../api/client";
import type { components } from "../api/schema";

export type Preset = components["schemas"]["PresetOut"];
export type PresetIn = components["schemas"]["PresetIn"];
export type PromptList = components["schemas"]["PromptListOut"];

export const presets = queryOptions({
  queryKey: ["presets"],
  queryFn: async ({ signal }) => (await answer(api.GET("/api/presets", { signal }))).items,
  staleTime: 60_000,
});

export const promptLists = queryOptions({
  queryKey: ["prompt-lists"],
  queryFn: async ({ signal }) => (await answer(api.GET("/api/prompt-lists", { signal }))).items,
  staleTime: 60_000,
});

export function savePreset({ name, preset }: { name: string; preset: PresetIn }) {
  return answer(api.PUT("/api/presets/{preset_name}", { params: { path: { preset_name: name } }, body: preset }));
}

export function saveList({ name, lines }: { name: string; lines: readonly string[] }) {
  return answer(api.PUT("/api/prompt-lists/{list_name}", { params: { path: { list_name: name } }, body: { lines: [...lines] } }));
}

export function deletePreset(name: string) {
  return answer(api.DELETE("/api/presets/{preset_name}", { params: { path: { preset_name: name } } }));
}

export function deleteList(name: string) {
  return answer(api.DELETE("/api/prompt-lists/{list_name}", { params: { path: { list_name: name } } }));
}
