// Sample answers of the REST interface. A test changes what it is about and takes the rest as it is.
import type { AuditEntry, BaseModel, BinItem, Concept, Generation, Job, Me, Version } from "../api/types";

const ada = { id: "user-ada", name: "Ada" };
const NOW = "2026-11-27T12:00:00Z";

export const me: Me = {
  user: ada,
  team: { id: "team", name: "The team" },
  role: "admin",
  credential: "session",
  scopes: ["read", "draw", "teach", "admin"],
  expires_at: "2026-12-27T12:00:00Z",
  limits: {
    pictures_min: 3,
    pictures_max: 5,
    upload_bytes_max: 20_000_000,
    count_max: 8,
    steps_max: 3000,
    queued_jobs_max: 100,
    prompt_characters_max: 2000,
    grid_cells_max: 200,
    pixels_max: 4_194_304,
    sizes: { demo: { pixels_max: 16384, side_max: 256, side_multiple: 8 } },
    drawings_days: 30,
  },
};

export const demo: BaseModel = {
  id: "demo",
  name: "Demo",
  family: "sd1",
  resolution: 64,
  pixels_max: 16384,
  side_max: 256,
  side_multiple: 8,
  vectors_max: 16,
  width: 128,
  context_length: 32,
  mirror: false,
  steps: 20,
  guidance: 3,
  scheduler: "ddim",
  weights_hash: "hash",
  ready: true,
  not_ready_reason: null,
  teachable: true,
  not_teachable_reason: null,
  description: "",
};

export const other: BaseModel = { ...demo, id: "other", name: "Other" };

export const version: Version = {
  id: "version",
  number: 1,
  state: "ready",
  current: true,
  base_model: "demo",
  initializer: "mug",
  vectors: 1,
  steps: 300,
  evaluation: 0.2,
  seconds: 60,
  embedding: null,
  sample: null,
  previews: [],
  pictures: [],
  job_id: null,
  created_at: NOW,
  finished_at: NOW,
};

export const mug: Concept = {
  id: "concept",
  name: "My mug",
  placeholder: "<my-mug>",
  initializer: "mug",
  kind: "object",
  base_model: "demo",
  family: "sd1",
  description: "",
  tags: [],
  owner: ada,
  may_change: true,
  state: "ready",
  current_version: version,
  version_count: 1,
  sample: null,
  pictures: [],
  training_job: null,
  created_at: NOW,
  updated_at: NOW,
};

export const training: Job = {
  id: "job",
  kind: "training",
  state: "queued",
  title: "<my-mug>",
  attempt: 0,
  attempts_max: 3,
  ahead: 0,
  starts_at: null,
  ends_at: null,
  cancel: null,
  progress: null,
  error: null,
  concept: { id: "concept", name: "My mug", placeholder: "<my-mug>", version: 1 },
  generation_id: null,
  created_by: ada,
  created_at: NOW,
  started_at: null,
  finished_at: null,
};

export const generation: Generation = {
  id: "generation",
  state: "queued",
  prompt: "a photo of <my-mug>",
  recipe: {},
  count: 1,
  images: [],
  job_id: "job",
  created_by: ada,
  may_change: true,
  created_at: NOW,
};

export const binned: BinItem = {
  kind: "concept",
  id: "concept",
  label: "<my-mug>",
  owner: ada,
  may_change: true,
  created_at: NOW,
  deleted_at: NOW,
  deleted_by: { id: "user-grace", name: "Grace" },
  expires_at: "2026-12-27T12:00:00Z",
};

export const audited: AuditEntry = {
  id: "entry",
  at: NOW,
  person: ada,
  credential: "token",
  token: "build script",
  address: "192.0.2.7",
  request_id: "request",
  action: "concept.deleted",
  subject: { kind: "concept", id: "concept", label: "<my-mug>" },
  details: { name: "My mug" },
};

/** A picture file that no test reads. */
export function pictureFile(name: string): File {
  return new File([name], name, { type: "image/png", lastModified: 1 });
}
