// What is looked for in the library, and in which order it is shown.
import { useQuery } from "@tanstack/react-query";

import { libraryTags } from "../api/queries";
import type { Kind } from "../api/types";
import { useMe } from "../session/currentUser";
import { Problems } from "../ui/Notice";
import { SORTS, withTag, type LibraryFilter } from "./libraryFilter";

const KINDS: readonly { kind: Kind | null; name: string }[] = [
  { kind: null, name: "All" },
  { kind: "object", name: "Things" },
  { kind: "style", name: "Styles" },
];
const TAGS_SHOWN = 12;

export function LibraryFilters({ filter, onChange }: { filter: LibraryFilter; onChange: (filter: LibraryFilter) => void }) {
  const { user } = useMe();
  const asked = useQuery(libraryTags);
  const often = (asked.data ?? []).slice(0, TAGS_SHOWN).map(({ tag }) => tag);
  const tags = [...often, ...filter.tags.filter((tag) => !often.includes(tag))];
  return (
    <div className="filters" role="search">
      <input
        type="search"
        aria-label="Search the library"
        placeholder="Search"
        value={filter.query}
        onChange={(event) => {
          onChange({ ...filter, query: event.target.value });
        }}
      />
      <div className="chips" role="group" aria-label="Kind">
        {KINDS.map(({ kind, name }) => (
          <button
            key={name}
            type="button"
            className="chip"
            aria-pressed={filter.kind === kind}
            onClick={() => {
              onChange({ ...filter, kind });
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <button
        type="button"
        className="chip"
        aria-pressed={filter.owner !== null}
        onClick={() => {
          onChange({ ...filter, owner: filter.owner === null ? user.id : null });
        }}
      >
        Mine
      </button>
      {tags.length > 0 && (
        <div className="chips" role="group" aria-label="Tags">
          {tags.map((tag) => (
            <button
              key={tag}
              type="button"
              className="chip"
              aria-pressed={filter.tags.includes(tag)}
              onClick={() => {
                onChange(withTag(filter, tag));
              }}
            >
              #{tag}
            </button>
          ))}
        </div>
      )}
      <label className="order">
        <span className="soft small">Order</span>
        <select
          value={filter.sort}
          onChange={(event) => {
            const chosen = SORTS.find(({ sort }) => sort === event.target.value);
            if (chosen) onChange({ ...filter, sort: chosen.sort });
          }}
        >
          {SORTS.map(({ sort, name }) => (
            <option key={sort} value={sort}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <Problems of={[asked]} />
    </div>
  );
}
