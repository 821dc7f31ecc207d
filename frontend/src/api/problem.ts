// Problem details of the service (RFC 9457). `title` and `detail` are sentences for people.

export interface PictureProblem {
  index: number;
  name: string;
  detail: string;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  field?: string;
  suggestions?: string[];
  pictures?: PictureProblem[];
}

/** A request that did not work, with the sentence that says why. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ProblemError";
    this.problem = problem;
  }
}

const OUT_OF_REACH: Problem = {
  type: "/problems/out-of-reach",
  title: "The studio does not answer",
  status: 0,
  detail: "The studio does not answer. Check that it is running and that this device is connected, then try again.",
};

export function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "detail" in body && "type" in body && "status" in body;
}

/** Whatever was thrown, as a problem that can be shown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof TypeError) return OUT_OF_REACH; // what fetch throws when nobody answers
  return {
    type: "/problems/page",
    title: "Something went wrong",
    status: 0,
    detail: "The page met an error that it does not know. Load it again.",
  };
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.status === 401;
}
