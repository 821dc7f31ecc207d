// What the page knows of the studio: one query per thing, and the keys under which they are kept.
import { infiniteQueryOptions, keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query";

import type { LibraryFilter } from "../library/libraryFilter";
import { answer, api } from "./client";
import { isSignedOut, ProblemError } from "./problem";
import { onReturn } from "./reachability";
import type { paths } from "./schema";
import { hasEnded, type Generation } from "./types";

const PAGE = 48;
const HISTORY = 12;
const WATCH_MS = 2500;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      networkMode: "always", // the studio may be on this machine or in this network, whatever the browser thinks of the internet
      // A refusal stays a refusal; only silence is worth asking again.
      retry: (failures, error) => !(error instanceof ProblemError && error.problem.status < 500) && failures < 2,
    },
    mutations: { networkMode: "always" },
  },
});

onReturn(() => void queryClient.invalidateQueries());

export const me = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => answer(api.GET("/api/me", { signal })),
  retry: (failures, error) => !isSignedOut(error) && failures < 2,
});

export const baseModels = queryOptions({
  queryKey: ["base-models"],
  queryFn: async ({ signal }) => (await answer(api.GET("/api/base-models", { signal }))).items,
  staleTime: 60_000,
});

export const examples = queryOptions({
  queryKey: ["examples"],
  queryFn: async ({ signal }) => (await answer(api.GET("/api/lessons", { signal }))).items,
  staleTime: Infinity,
});

/** The library page by page; asked again while something is being learned. */
export function library(filter: LibraryFilter) {
  return infiniteQueryOptions({
    queryKey: ["concepts", "library", filter],
    queryFn: ({ signal, pageParam }) => {
      const { kind, owner, sort } = filter;
      const query = { query: filter.query || null, kind, tag: [...filter.tags], owner, sort, cursor: pageParam, limit: PAGE };
      return answer(api.GET("/api/concepts", { params: { query }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some((concept) => concept.training_job)) ? WATCH_MS : false,
  });
}

/** The tags of the library, the most used first. */
export const libraryTags = queryOptions({
  queryKey: ["concepts", "tags"],
  queryFn: async ({ signal }) => (await answer(api.GET("/api/tags", { signal }))).items,
});

/** Every word that can be written into a prompt: the first hundred are enough to complete from. */
export const promptConcepts = queryOptions({
  queryKey: ["concepts", "for-prompts"],
  queryFn: async ({ signal }) =>
    (await answer(api.GET("/api/concepts", { params: { query: { limit: 100 } }, signal }))).items,
});

export function concept(id: string) {
  return queryOptions({
    queryKey: ["concepts", "one", id],
    queryFn: ({ signal }) => answer(api.GET("/api/concepts/{concept_id}", { params: { path: { concept_id: id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.training_job ? WATCH_MS : false),
  });
}

export function versions(id: string) {
  return queryOptions({
    queryKey: ["concepts", "versions", id],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/api/concepts/{concept_id}/versions", { params: { path: { concept_id: id } }, signal }))).items,
  });
}

/** What a version can do. It never changes, unless it could not be drawn and is drawn again. */
export function report(id: string, number: number) {
  return queryOptions({
    queryKey: ["concepts", "report", id, number],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/api/concepts/{concept_id}/versions/{number}/report", {
          params: { path: { concept_id: id, number } },
          signal,
        }),
      ),
    staleTime: ({ state }) => (state.data?.failed ? 0 : Infinity),
  });
}

export function job(id: string) {
  return queryOptions({
    queryKey: ["jobs", "one", id],
    queryFn: ({ signal }) => answer(api.GET("/api/jobs/{job_id}", { params: { path: { job_id: id } }, signal })),
    // While it waits, how many are before it is known only by asking; once it runs, its events say everything.
    refetchInterval: ({ state }) => (state.data && !hasEnded(state.data.state) ? WATCH_MS : false),
  });
}

export const runningTrainings = queryOptions({
  queryKey: ["jobs", "runningTrainings"],
  queryFn: async ({ signal }) =>
    (await answer(api.GET("/api/jobs", { params: { query: { kind: "training", state: "running" } }, signal }))).items,
  refetchInterval: WATCH_MS,
});

/** What waits and runs, of the whole team, and what ended lately. */
export const activeJobs = queryOptions({
  queryKey: ["jobs", "active"],
  queryFn: ({ signal }) => answer(api.GET("/api/jobs", { params: { query: { active: true, limit: 100 } }, signal })),
  refetchInterval: WATCH_MS,
});

export const endedJobs = queryOptions({
  queryKey: ["jobs", "ended"],
  queryFn: async ({ signal }) =>
    (await answer(api.GET("/api/jobs", { params: { query: { limit: 50 } }, signal }))).items.filter((each) => hasEnded(each.state)),
});

export const usage = queryOptions({
  queryKey: ["usage"],
  queryFn: ({ signal }) => answer(api.GET("/api/usage", { signal })),
  staleTime: 30_000,
});

export const webhooks = queryOptions({
  queryKey: ["webhooks"],
  queryFn: ({ signal }) => answer(api.GET("/api/webhooks", { signal })),
});

export function deliveries(webhookId: string) {
  return queryOptions({
    queryKey: ["webhooks", "deliveries", webhookId],
    queryFn: async ({ signal }) =>
      (
        await answer(
          api.GET("/api/webhooks/{webhook_id}/deliveries", {
            params: { path: { webhook_id: webhookId }, query: { limit: 10 } },
            signal,
          }),
        )
      ).items,
    refetchInterval: ({ state }) => (state.data?.some((each) => each.state === "waiting") ? WATCH_MS : false),
  });
}

export const history = infiniteQueryOptions({
  queryKey: ["generations", "history"],
  queryFn: ({ signal, pageParam }) =>
    answer(api.GET("/api/generations", { params: { query: { cursor: pageParam, limit: HISTORY } }, signal })),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next,
  refetchInterval: ({ state }) =>
    state.data?.pages.some((page) => page.items.some(isBeingDrawn)) ? WATCH_MS : false,
});

/** The newest drawings with a word in them. */
export function generationsWith(conceptId: string) {
  return queryOptions({
    queryKey: ["generations", "with", conceptId],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/api/generations", { params: { query: { concept: conceptId, limit: HISTORY } }, signal })))
        .items,
  });
}

export function isBeingDrawn(generation: Generation): boolean {
  return !hasEnded(generation.state);
}

export function generation(id: string) {
  return queryOptions({
    queryKey: ["generations", "one", id],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/generations/{generation_id}", { params: { path: { generation_id: id } }, signal })),
    refetchInterval: ({ state }) => (state.data && isBeingDrawn(state.data) ? WATCH_MS : false),
  });
}

export function tokenization(baseModel: string | null, text: string) {
  return queryOptions({
    queryKey: ["tokenize", baseModel, text],
    queryFn: ({ signal }) => answer(api.POST("/api/tokenize", { body: { base_model: baseModel, text }, signal })),
    enabled: text.trim() !== "",
    placeholderData: keepPreviousData,
  });
}

export const tokens = queryOptions({
  queryKey: ["tokens"],
  queryFn: async ({ signal }) => (await answer(api.GET("/api/tokens", { signal }))).items,
});

export const members = queryOptions({
  queryKey: ["members"],
  queryFn: async ({ signal }) => (await answer(api.GET("/api/members", { signal }))).items,
});

export const invitations = queryOptions({
  queryKey: ["invitations"],
  queryFn: async ({ signal }) => (await answer(api.GET("/api/invitations", { signal }))).items,
});

export const sessions = queryOptions({
  queryKey: ["sessions"],
  queryFn: async ({ signal }) => (await answer(api.GET("/api/sessions", { signal }))).items,
});
/** What was deleted and can be restored, last deleted first. */
export const bin = infiniteQueryOptions({
  queryKey: ["bin"],
  queryFn: ({ signal, pageParam }) => answer(api.GET("/api/bin", { params: { query: { cursor: pageParam } }, signal })),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next,
});

type AuditQuery = NonNullable<paths["/api/audit"]["get"]["parameters"]["query"]>;

/** What the members of the team did, newest first. */
export function audit(query: AuditQuery) {
  return infiniteQueryOptions({
    queryKey: ["audit", query],
    queryFn: ({ signal, pageParam }) =>
      answer(api.GET("/api/audit", { params: { query: { ...query, cursor: pageParam } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
}
