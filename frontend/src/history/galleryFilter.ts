// What is looked for in the history, as the address has it. Pure.

export interface GalleryFilter {
  query: string;
  /** Ids, or null for all. */
  concept: string | null;
  person: string | null;
  board: string | null;
  /** Days where the reader is, as a date field has them: 2026-11-28. */
  since: string | null;
  until: string | null;
  kept: boolean;
}

export const everything: GalleryFilter = { query: "", concept: null, person: null, board: null, since: null, until: null, kept: false };

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function filterFrom(search: string): GalleryFilter {
  const found = new URLSearchParams(search);
  const day = (name: string) => {
    const text = found.get(name);
    return text !== null && DAY.test(text) ? text : null;
  };
  return {
    query: found.get("query") ?? "",
    concept: found.get("concept"),
    person: found.get("person"),
    board: found.get("board"),
    since: day("since"),
    until: day("until"),
    kept: found.has("kept"),
  };
}

/** The address of the history with this filter. What is not looked for is left out. */
export function historyAddress(filter: GalleryFilter): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    if (typeof value === "string" && value !== "") search.set(name, value);
    if (value === true) search.set(name, "1");
  }
  const text = search.toString();
  return text === "" ? "/history" : `/history?${text}`;
}

/** Whether anything besides a board is looked for. */
export function isNarrowed(filter: GalleryFilter): boolean {
  return historyAddress({ ...filter, board: null }) !== "/history";
}

/** The parameters of the request. Days become moments: from the beginning of the first to the end of the last. */
export function galleryQuery({ query, concept, person, board, since, until, kept }: GalleryFilter) {
  return {
    query: query.trim() === "" ? null : query.trim().slice(0, 200),
    concept,
    person,
    board,
    since: since === null ? null : startOf(since, 0),
    until: until === null ? null : startOf(until, 1),
    ...(kept ? { kept } : {}),
  };
}

function startOf(day: string, plus: number): string {
  const [year = 1970, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + plus).toISOString();
}
