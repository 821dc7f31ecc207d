// The user who is signed in, for every view that App renders after the sign-in check.
import { createContext, use } from "react";

import type { Me } from "../api/types";

export const CurrentUserContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = use(CurrentUserContext);
  if (me === null) throw new Error("useMe() is called outside of <CurrentUserContext>");
  return me;
}

/** Viewers look; members and administrators also teach and draw. */
export function useMayChange(): boolean {
  return useMe().role !== "viewer";
}

/** People change what they made themselves; administrators change everything. */
export function useMayChangeOf(ownerId: string): boolean {
  const { user, role } = useMe();
  return role === "admin" || (role === "member" && user.id === ownerId);
}
