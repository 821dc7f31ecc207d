// A stub of the REST interface for component tests: an answer per method and path, and a list of what was requested.
import type { Problem } from "../api/problem";

export interface ReceivedRequest {
  method: string;
  path: string;
  /** The parsed JSON body, or the fields of a multipart body; null without a body. */
  body: unknown;
}

type Answer = (request: ReceivedRequest) => Response | Promise<Response>;

/** A refusal as the service sends it. Without a field it concerns the request as a whole. */
export function problem(field?: string, more: Partial<Problem> = {}): Problem {
  return {
    type: "/problems/invalid-input",
    title: "The input is not valid",
    status: 422,
    detail: `The studio refuses ${field ?? "the request"}.`,
    ...(field === undefined ? {} : { field }),
    ...more,
  };
}

class StudioStub {
  private answers: { method: string; path: RegExp; answer: Answer }[] = [];
  requests: ReceivedRequest[] = [];

  reset() {
    this.answers = [];
    this.requests = [];
  }

  /** Answers requests for a path with JSON. `*` in the path stands for one segment. The newest definition counts. */
  answer(method: string, path: string, body: unknown, status = 200) {
    this.on(method, path, () => json(body, status));
  }

  /** Answers requests for a path with a problem. */
  refuse(method: string, path: string, refusal: Problem) {
    this.on(method, path, () => json(refusal, refusal.status, "application/problem+json"));
  }

  on(method: string, path: string, answer: Answer) {
    const pattern = new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("\\*", "[^/]+")}$`);
    this.answers.unshift({ method, path: pattern, answer });
  }

  /** The requests of one method to a path, oldest first. */
  received(method: string, path: string): ReceivedRequest[] {
    return this.requests.filter((request) => request.method === method && request.path === path);
  }

  async fetch(input: Request | string, init?: RequestInit): Promise<Response> {
    const request = input instanceof Request ? input : new Request(new URL(input, location.origin), init);
    const received = { method: request.method, path: new URL(request.url).pathname, body: await bodyOf(request) };
    this.requests.push(received);
    const found = this.answers.find(({ method, path }) => method === received.method && path.test(received.path));
    if (found === undefined) {
      const detail = `${received.method} ${received.path} has no answer in this test.`;
      return json({ type: "/problems/not-found", title: "Not found", status: 404, detail }, 404);
    }
    return found.answer(received);
  }
}

async function bodyOf(request: Request): Promise<unknown> {
  const type = request.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/json")) return request.json();
  if (type.startsWith("multipart/form-data")) return [...(await request.formData()).entries()];
  return null;
}

export function json(body: unknown, status = 200, type = "application/json"): Response {
  return new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { "Content-Type": type } });
}

export const studio = new StudioStub();
