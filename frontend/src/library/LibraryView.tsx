// Every word of the team, as pictures.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { Link } from "wouter";

import { noFilter, library, runningTrainings, type LibraryFilter } from "../api/queries";
import type { Kind } from "../api/types";
import { useMayChange, useMe } from "../session/currentUser";
import { ProblemNotice, Problems } from "../ui/Notice";
import { ConceptCard } from "./ConceptCard";
import { EmptyLibrary } from "./EmptyLibrary";

const KINDS: readonly { kind: Kind | null; name: string }[] = [
  { kind: null, name: "All" },
  { kind: "object", name: "Things" },
  { kind: "style", name: "Styles" },
];

export function LibraryView() {
  const mayChange = useMayChange();
  const [filter, setFilter] = useState<LibraryFilter>(noFilter);
  const asked = useInfiniteQuery(library(useDeferredValue(filter)));
  const concepts = asked.data?.pages.flatMap((page) => page.items);
  const learning = concepts?.some((concept) => concept.training_job !== null) ?? false;
  const running = useQuery({ ...runningTrainings, enabled: learning });
  const { user } = useMe();
  const narrowed = filter.owner !== null || filter.query !== "" || filter.kind !== null || filter.tag !== null;
  const tags = [...new Set(concepts?.flatMap((concept) => concept.tags))].sort();
  if (filter.tag !== null && !tags.includes(filter.tag)) tags.push(filter.tag);

  if (concepts?.length === 0 && !narrowed) return <EmptyLibrary />;
  return (
    <>
      <div className="head">
        <h1>Library</h1>
        <div className="row">
          <Link className="button quiet" href="/bin">
            Bin
          </Link>
          {mayChange && (
            <>
              <Link className="button quiet" href="/import">
                Import
              </Link>
              <Link className="button primary" href="/teach">
                Teach a new word
              </Link>
            </>
          )}
        </div>
      </div>
      <div className="filters" role="search">
        <input
          type="search"
          aria-label="Search the library"
          placeholder="Search"
          value={filter.query}
          onChange={(event) => {
            setFilter({ ...filter, query: event.target.value });
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
                setFilter({ ...filter, kind });
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
            setFilter({ ...filter, owner: filter.owner === null ? user.id : null });
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
                aria-pressed={filter.tag === tag}
                onClick={() => {
                  setFilter({ ...filter, tag: filter.tag === tag ? null : tag });
                }}
              >
                #{tag}
              </button>
            ))}
          </div>
        )}
      </div>
      {asked.isError && <ProblemNotice error={asked.error} />}
      <Problems of={[running]} />
      {concepts?.length === 0 && (
        <p className="soft" role="status">
          No word fits.{" "}
          <button
            type="button"
            className="link"
            onClick={() => {
              setFilter(noFilter);
            }}
          >
            Show all
          </button>
        </p>
      )}
      <ul className="cards" data-arrows>
        {concepts?.map((concept) => (
          <li key={concept.id}>
            <ConceptCard concept={concept} job={running.data?.find((job) => job.id === concept.training_job)} />
          </li>
        ))}
      </ul>
      {asked.hasNextPage && (
        <p className="more">
          <button
            type="button"
            className="button"
            disabled={asked.isFetchingNextPage}
            onClick={() => void asked.fetchNextPage()}
          >
            Show more
          </button>
        </p>
      )}
    </>
  );
}
