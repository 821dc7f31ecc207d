// Fills an empty studio with what its page can show: words with two versions, drawings, something in the bin, a queue.
import { setTimeout as pause } from "node:timers/promises";

const LEARNED_MS = 900_000;
const WORDS = Number(process.env.WORDS ?? 3);
const STEPS = process.env.STEPS ?? "60"; // enough for something to look at

/** Signs in by the printed link and returns the concept and the job that the views are about. */
export async function signInAndSeed(page, link) {
  await page.goto(link);
  await page.getByRole("button", { name: /^Sign in as/ }).click();
  await page.getByRole("navigation", { name: "Places" }).waitFor();
  const lessons = await send(page, "GET", "/api/lessons");
  const words = [];
  for (const lesson of lessons.items.slice(0, WORDS)) words.push(await teach(page, "/api/concepts", lesson, { steps_max: STEPS }));
  for (const { job } of words) await ended(page, job.id);
  const [{ concept }] = words;
  const again = await teach(page, `/api/concepts/${concept.id}/versions`, null, { initializer: "animal", steps_max: STEPS });
  await ended(page, again.job.id);
  const prompts = [`a photo of ${concept.placeholder}`, `${concept.placeholder} on the beach`, `a drawing of ${concept.placeholder}`];
  for (const prompt of prompts) await ended(page, (await send(page, "POST", "/api/generations", { prompt, count: 4 })).job.id);
  await send(page, "DELETE", `/api/concepts/${words.at(-1).concept.id}`);
  return { concept: concept.id, job: words[0].job.id };
}

/** Sends a request with the session of the page and returns the parsed answer. */
async function send(page, method, path, body) {
  return page.evaluate(
    async ([method, path, body]) => {
      const headers = { "Content-Type": "application/json", "Idempotency-Key": Math.random().toString(36).slice(2) };
      const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
      return answer.status === 204 ? null : answer.json();
    },
    [method, path, body],
  );
}

/** Teaches from the pictures of an example, or a version more from those that the studio has. */
async function teach(page, path, lesson, fields = {}) {
  return page.evaluate(
    async ([path, lesson, fields]) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      for (const name of ["name", "placeholder", "initializer", "kind"]) if (lesson) form.append(name, lesson[name]);
      for (const url of lesson?.pictures ?? []) form.append("images", await (await fetch(url)).blob(), "picture.jpg");
      const answer = await fetch(path, { method: "POST", headers: { "Idempotency-Key": Math.random().toString(36).slice(2) }, body: form });
      if (!answer.ok) throw new Error(`POST ${path}: ${await answer.text()}`);
      return answer.json();
    },
    [path, lesson, fields],
  );
}

async function ended(page, job) {
  for (const start = Date.now(); Date.now() - start < LEARNED_MS; await pause(500)) {
    const { state, error } = await send(page, "GET", `/api/jobs/${job}`);
    if (state === "succeeded") return;
    if (state === "failed" || state === "cancelled") throw new Error(`job ${job} ${state}: ${JSON.stringify(error)}`);
  }
  throw new Error(`job ${job} did not end`);
}
