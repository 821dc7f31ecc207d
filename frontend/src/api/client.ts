// The typed client of the REST interface. An answer is its data, or a ProblemError is thrown.
import createClient from "openapi-fetch";

import { isProblem, ProblemError } from "./problem";
import { watchedFetch } from "./reachability";
import type { paths } from "./schema";

export const api = createClient<paths>({ baseUrl: location.origin, fetch: watchedFetch });

interface Answer<Data> {
  data?: Data | undefined;
  error?: unknown;
  response: Response;
}

/** The data of an answer. Throws ProblemError with the service's own sentence. */
export async function answer<Data>(request: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await request;
  if (response.ok) return data as Data;
  if (isProblem(error)) throw new ProblemError(error);
  throw new ProblemError({
    type: "/problems/unexpected-answer",
    title: "An answer that makes no sense",
    status: response.status,
    detail: `The studio answered with ${response.status} and no explanation. Try again; its log may say more.`,
  });
}

type Field = string | number | boolean | null | undefined | readonly string[] | readonly File[];

/** A multipart body; what is empty is left out, so that the service's own defaults apply. */
export function formOf(fields: Record<string, Field>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined || value === "") continue;
    if (typeof value === "object") for (const each of value) form.append(name, each);
    else form.append(name, String(value));
  }
  return form;
}

/** A fresh `Idempotency-Key`, so that a request which is sent twice counts once. */
export function newIdempotencyKey(): string {
  // crypto.randomUUID is only there over https; a studio in a home network has none.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
