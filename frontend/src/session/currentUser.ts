// Who is signed in. Every view below the gate may ask.
import { createContext, use } from "react";

import type { Me } from "../api/types";

export const CurrentUserContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = use(CurrentUserContext);
  if (me === null) throw new Error("asked who is signed in outside of the gate");
  return me;
}

/** Viewers look; members and administrators also teach and draw. */
export function useMayChange(): boolean {
  return useMe().role !== "viewer";
}
