// The actions of the audit as people say them, in the order of the filter.
import type { AuditEntry } from "../api/types";

type Action = AuditEntry["action"];

export const ACTIONS: Record<Action, string> = {
  "session.started": "signed in",
  "session.ended": "signed out",
  "token.created": "created a token",
  "token.revoked": "revoked a token",
  "member.invited": "invited somebody",
  "member.link-made": "made a sign-in link",
  "member.link-revoked": "revoked a sign-in link",
  "member.role-changed": "changed a role",
  "member.removed": "removed a member",
  "concept.created": "taught a word",
  "concept.imported": "imported a word",
  "concept.taught-again": "taught a word again",
  "concept.changed": "changed a word",
  "concept.version-chosen": "chose a version",
  "concept.pictures-deleted": "deleted training pictures",
  "concept.report-drawn": "had a report drawn again",
  "concept.downloaded": "downloaded a word",
  "concept.deleted": "deleted a word",
  "concept.restored": "restored a word",
  "concept.purged": "removed a word for good",
  "generation.deleted": "deleted a drawing",
  "generation.restored": "restored a drawing",
  "generation.purged": "removed a drawing for good",
  "image.deleted": "deleted pictures",
  "image.restored": "restored a picture",
  "image.purged": "removed a picture for good",
  "image.kept": "kept a picture",
  "image.let-go": "stopped keeping a picture",
  "image.shared": "made a link to a picture",
  "board.created": "made a board",
  "board.changed": "renamed a board",
  "board.pictures-changed": "changed the pictures of a board",
  "board.deleted": "deleted a board",
  "board.restored": "restored a board",
  "board.purged": "removed a board for good",
  "preset.saved": "saved a preset",
  "preset.deleted": "deleted a preset",
  "prompt-list.saved": "saved a list for prompts",
  "prompt-list.deleted": "deleted a list for prompts",
  "bin.emptied": "emptied the bin",
  "job.cancelled": "cancelled a job",
  "webhook.created": "created a webhook",
  "webhook.changed": "changed a webhook",
  "webhook.secret-renewed": "renewed a webhook's secret",
  "webhook.tested": "tested a webhook",
  "webhook.sent-again": "sent a message again",
  "webhook.deleted": "deleted a webhook",
  "audit.exported": "downloaded the audit",
};

export const ACTION_NAMES = Object.keys(ACTIONS) as Action[];

const CREDENTIALS: Record<AuditEntry["credential"], string> = {
  session: "browser",
  token: "token",
  "command-line": "command line",
  system: "by itself",
};

/** From where: "browser at 10.0.0.7", "token build script at 10.0.0.7", "command line". */
export function originText({ credential, token, address }: AuditEntry): string {
  const means = token === null ? CREDENTIALS[credential] : `${CREDENTIALS[credential]} ${token}`;
  return address === "" ? means : `${means} at ${address}`;
}

/** The details in a line: "version: 2, fields: name, tags". */
export function detailsText(details: AuditEntry["details"]): string {
  return Object.entries(details)
    .map(([name, value]) => `${name.replaceAll("_", " ")}: ${Array.isArray(value) ? value.join(", ") : String(value)}`)
    .join(" · ");
}
