// Names for what goes over the wire. All of it comes from the schema that the service itself prints; the few shapes
// that the schema leaves open (recipes, problems, events) are written out here.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Me = Schemas["MeOut"];
export type Limits = Schemas["LimitsOut"];
export type BaseModel = Schemas["BaseModelOut"];
export type Example = Schemas["ExampleOut"];
export type Tokenization = Schemas["Tokenization"];
export type PictureCheck = Schemas["PictureCheck"];
export type CheckedPicture = Schemas["CheckedPicture"];
export type Fault = Schemas["Fault"];
export type Concept = Schemas["ConceptOut"];
export type Version = Schemas["VersionOut"];
export type TaughtPicture = Schemas["PictureOut"];
export type Report = Schemas["ReportOut"];
export type Checkpoint = Schemas["CheckpointOut"];
export type Scores = Schemas["ScoresOut"];
export type Job = Schemas["JobOut"];
export type JobState = Job["state"];
export type Generation = Schemas["GenerationOut"];
export type DrawnImage = Schemas["ImageOut"];
export type GenerationRequest = Schemas["GenerationRequest"];
export type RecoveredRequest = Schemas["RecoveredRequest"];
export type Scheduler = NonNullable<GenerationRequest["scheduler"]>;
export type Token = Schemas["TokenList"]["items"][number];
export type Scope = Token["scopes"][number];
export type LinkPreview = Schemas["LinkPreview"];
export type Member = Schemas["MemberOut"];
export type Usage = Schemas["UsageOut"];
export type Webhook = Schemas["WebhookOut"];
export type WebhookEvent = Webhook["events"][number];
export type Delivery = Schemas["DeliveryOut"];
export type BinItem = Schemas["BinItem"];
export type AuditEntry = Schemas["AuditEntryOut"];
export type Role = Member["role"];
export type Kind = Concept["kind"];

/** A concept version as a recipe names it. */
export interface RecipeConcept {
  concept_id: string;
  placeholder: string;
  version: number;
}

/** All that is needed to draw a picture again. */
export interface Recipe {
  prompt: string;
  negative_prompt: string;
  base_model: string;
  seed: number;
  steps: number;
  guidance: number;
  scheduler: Scheduler;
  width: number;
  height: number;
  concepts: RecipeConcept[];
  strength?: number;
  mask?: object;
}

/** The service writes recipes itself, so their shape is taken on trust. */
export function recipeOf(drawn: { recipe: Record<string, unknown> }): Recipe {
  return drawn.recipe as unknown as Recipe;
}

const ENDED: readonly JobState[] = ["succeeded", "failed", "cancelled"];

export function hasEnded(state: JobState): boolean {
  return ENDED.includes(state);
}
