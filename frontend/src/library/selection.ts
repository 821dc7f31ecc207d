// What can be done with several words at once: requests that change all of them, or none.
import { answer, api } from "../api/client";

/** Most words that one request names. */
export const AT_ONCE = 200;

export async function changeTags(ids: readonly string[], change: { add?: string[]; remove?: string[] }): Promise<void> {
  await answer(api.POST("/api/concepts/tags", { body: { ids: [...ids], add: change.add ?? [], remove: change.remove ?? [] } }));
}

/** Puts words into the bin. The ids of what is there then. */
export async function deleteConcepts(ids: readonly string[]): Promise<string[]> {
  return (await answer(api.POST("/api/concepts/delete", { body: { ids: [...ids] } }))).ids;
}

/** The address of a zip of these words' embeddings. */
export function zipAddress(ids: readonly string[]): string {
  return `/api/concepts.zip?${new URLSearchParams(ids.map((id) => ["id", id])).toString()}`;
}
