// What each scope of a token allows, as a tooltip says it.
import type { Scope } from "../api/types";

export const SCOPES: Record<Scope, string> = {
  read: "Look at everything of the team",
  draw: "Draw pictures, and delete or keep them",
  teach: "Teach, import and change words",
  admin: "Manage members, invitations, webhooks and tokens",
};
