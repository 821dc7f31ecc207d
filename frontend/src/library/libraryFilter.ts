// What the library shows, as its address has it. Pure.
import { noFilter, type LibraryFilter } from "../api/queries";

export function filterFrom(search: string): LibraryFilter {
  const found = new URLSearchParams(search);
  const kind = found.get("kind");
  return {
    query: found.get("query") ?? "",
    kind: kind === "object" || kind === "style" ? kind : null,
    tag: found.get("tag"),
    owner: found.get("owner"),
  };
}

/** The address of the library with this filter. What is not asked for is left out. */
export function libraryAddress(filter: LibraryFilter): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? "/" : `/?${text}`;
}

export function isNarrowed(filter: LibraryFilter): boolean {
  return libraryAddress(filter) !== libraryAddress(noFilter);
}
