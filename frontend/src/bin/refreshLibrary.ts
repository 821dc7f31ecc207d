// Asks again for everything that deleting and restoring change.
import { queryClient } from "../api/queries";

const CHANGED = ["concepts", "generations", "bin", "usage", "jobs"];

export function refreshLibrary() {
  return Promise.all(CHANGED.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
}
