// What the library shows and in which order, as its address has it. Pure.
import type { Kind } from "../api/types";

export type LibrarySort = "newest" | "oldest" | "name" | "used" | "score";

export interface LibraryFilter {
  query: string;
  kind: Kind | null;
  /** A word has all of them. */
  tags: readonly string[];
  owner: string | null;
  sort: LibrarySort;
}

export const noFilter: LibraryFilter = { query: "", kind: null, tags: [], owner: null, sort: "newest" };

export const SORTS: readonly { sort: LibrarySort; name: string }[] = [
  { sort: "newest", name: "Newest" },
  { sort: "oldest", name: "Oldest" },
  { sort: "name", name: "Name" },
  { sort: "used", name: "Last drawn" },
  { sort: "score", name: "Best score" },
];

export function filterFrom(search: string): LibraryFilter {
  const found = new URLSearchParams(search);
  const kind = found.get("kind");
  return {
    query: found.get("query") ?? "",
    kind: kind === "object" || kind === "style" ? kind : null,
    tags: found.getAll("tag"),
    owner: found.get("owner"),
    sort: SORTS.find(({ sort }) => sort === found.get("sort"))?.sort ?? "newest",
  };
}

/** The address of the library with this filter. What is not asked for is left out. */
export function libraryAddress({ query, kind, tags, owner, sort }: LibraryFilter): string {
  const search = new URLSearchParams();
  if (query !== "") search.set("query", query);
  if (kind !== null) search.set("kind", kind);
  for (const tag of tags) search.append("tag", tag);
  if (owner !== null) search.set("owner", owner);
  if (sort !== noFilter.sort) search.set("sort", sort);
  const text = search.toString();
  return text === "" ? "/" : `/?${text}`;
}

/** Whether words may be left out; an order alone leaves none out. */
export function isNarrowed(filter: LibraryFilter): boolean {
  return libraryAddress({ ...filter, sort: noFilter.sort }) !== "/";
}

/** The filter with a tag put into it or taken out. */
export function withTag(filter: LibraryFilter, tag: string): LibraryFilter {
  const others = filter.tags.filter((each) => each !== tag);
  return { ...filter, tags: others.length < filter.tags.length ? others : [...filter.tags, tag] };
}
