// What to look for: words of the prompt, a word of the library, a person, days. The address keeps it.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { members, promptConcepts } from "../api/queries";
import { Problems } from "../ui/Notice";
import { useDebounced } from "../ui/useDebounced";
import { everything, isNarrowed, type GalleryFilter } from "./galleryFilter";

interface GalleryFiltersProps {
  filter: GalleryFilter;
  onChange: (filter: GalleryFilter) => void;
}

export function GalleryFilters({ filter, onChange }: GalleryFiltersProps) {
  const concepts = useQuery(promptConcepts);
  const people = useQuery(members);
  return (
    <>
      <div className="filters gallery-filters" role="search">
        <Words query={filter.query} onQuery={(query) => { onChange({ ...filter, query }); }} />
        <select
          aria-label="Word"
          value={filter.concept ?? ""}
          onChange={(event) => {
            onChange({ ...filter, concept: event.target.value || null });
          }}
        >
          <option value="">Any word</option>
          {concepts.data?.map(({ id, placeholder }) => (
            <option key={id} value={id}>
              {placeholder}
            </option>
          ))}
        </select>
        {(people.data?.length ?? 0) > 1 && (
          <select
            aria-label="Who drew it"
            value={filter.person ?? ""}
            onChange={(event) => {
              onChange({ ...filter, person: event.target.value || null });
            }}
          >
            <option value="">Anybody</option>
            {people.data?.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
        <button
          type="button"
          className="chip"
          aria-pressed={filter.kept}
          onClick={() => {
            onChange({ ...filter, kept: !filter.kept });
          }}
        >
          Kept
        </button>
        <span className="row days">
          <Day label="From" value={filter.since} onDay={(since) => { onChange({ ...filter, since }); }} />
          <span className="soft" aria-hidden="true">
            –
          </span>
          <Day label="To" value={filter.until} onDay={(until) => { onChange({ ...filter, until }); }} />
        </span>
        {isNarrowed(filter) && (
          <button
            type="button"
            className="link"
            onClick={() => {
              onChange({ ...everything, board: filter.board });
            }}
          >
            Clear
          </button>
        )}
      </div>
      <Problems of={[concepts, people]} />
    </>
  );
}

/** The search field keeps what is typed, and hands it on when the typing pauses. */
function Words({ query, onQuery }: { query: string; onQuery: (query: string) => void }) {
  const [typed, setTyped] = useState(query);
  const [known, setKnown] = useState(query);
  const settled = useDebounced(typed);
  if (query !== known) {
    // The address changed: by what was typed, by "Clear", or by a link.
    setKnown(query);
    if (query !== settled) setTyped(query);
  }
  useEffect(() => {
    if (settled !== query && settled === typed) onQuery(settled);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only a pause in typing hands it on
  }, [settled]);
  return (
    <input
      type="search"
      aria-label="Search the prompts"
      placeholder="Search the prompts"
      maxLength={200}
      value={typed}
      onChange={(event) => {
        setTyped(event.target.value);
      }}
    />
  );
}

function Day({ label, value, onDay }: { label: string; value: string | null; onDay: (day: string | null) => void }) {
  return (
    <input
      type="date"
      aria-label={label}
      title={label}
      value={value ?? ""}
      onChange={(event) => {
        onDay(event.target.value || null);
      }}
    />
  );
}
