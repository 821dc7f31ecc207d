// Teaches, waits, draws, and fetches the picture and the embedding, with the types that openapi-typescript made.
// ADDRESS TOKEN PICTURES RESULTS: the studio, a bearer token, a folder of JPEGs, and a folder for what was fetched.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import createClient from "openapi-fetch";

import type { components, paths } from "./schema.js";

type JobEvent = components["schemas"]["JobEvent"];
type Problem = components["schemas"]["Problem"];

const [address = "", token = "", pictures = "", results = ""] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${token}` } });

/** The data of an answer; throws the sentence of a problem. */
function data<Data>({ data, error }: { data?: Data; error?: Problem }): Data {
  if (error !== undefined) throw new Error(error.detail);
  assert.ok(data !== undefined);
  return data;
}

/** A form: an array becomes a field for each of its values. */
function form(fields: Record<string, unknown>): FormData {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const each of Array.isArray(value) ? value : [value]) made.append(name, each instanceof Blob ? each : String(each));
  }
  return made;
}

/** The events of a stream that has ended. */
function events(stream: string): JobEvent[] {
  const blocks = stream.split("\n\n").filter((block) => block.includes("data: "));
  return blocks.map((block) => {
    const fields = new Map(block.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]));
    return { id: Number(fields.get("id")), event: fields.get("event"), data: JSON.parse(fields.get("data") ?? "") } as JobEvent;
  });
}

const models = data(await api.GET("/api/base-models"));
assert.deepEqual(models.items.map((model) => model.id), ["demo"]);

const names = (await readdir(pictures)).filter((name) => name.endsWith(".jpg")).sort();
const images = await Promise.all(
  names.map(async (name) => new File([await readFile(join(pictures, name))], name, { type: "image/jpeg" })),
);
const word = { placeholder: "<typescript-zub>", initializer: "monster", kind: "object", steps_max: 12, seed: 3 } as const;
const { error, response } = await api.POST("/api/concepts", { body: word, bodySerializer: form });
assert.equal(response.status, 422);
assert.equal(error?.type, "/problems/picture-count");
const taught = data(
  await api.POST("/api/concepts", {
    params: { header: { "Idempotency-Key": "typescript-zub" } },
    body: { ...word, tags: ["generated", "typescript"] },
    bodySerializer: (body) => form({ ...body, images }),
  }),
);

const path = { job_id: taught.job.id };
const told = events(data(await api.GET("/api/jobs/{job_id}/events", { params: { path }, parseAs: "text" })));
assert.deepEqual(new Set(told.map((event) => event.event)), new Set(["state", "progress", "preview"]));
const last = told.at(-1);
assert.ok(last?.event === "state");
assert.equal(last.data.state, "succeeded");
const concept_id = taught.concept.id;
const concept = data(await api.GET("/api/concepts/{concept_id}", { params: { path: { concept_id } } }));
assert.equal(concept.state, "ready");
assert.deepEqual(concept.tags, ["generated", "typescript"]);

const drawn = data(
  await api.POST("/api/generations", {
    params: { query: { wait: 60 } },
    body: { prompt: "a photo of <typescript-zub>", count: 1, seed: 7, steps: 2 },
  }),
);
const [image] = drawn.generation.images;
assert.ok(image !== undefined);
const picture = await api.GET("/api/images/{image_id}", { params: { path: { image_id: image.id } }, parseAs: "arrayBuffer" });
await writeFile(join(results, "picture.png"), Buffer.from(data(picture)));

const file = await api.GET("/api/concepts/{concept_id}/embedding", {
  params: { path: { concept_id }, query: { format: "diffusers" } },
  parseAs: "arrayBuffer",
});
await writeFile(join(results, "embedding.safetensors"), Buffer.from(data(file)));
