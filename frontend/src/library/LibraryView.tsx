// Every word of the team, as pictures.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { Link } from "wouter";

import { everything, library, trainings, type Wanted } from "../api/queries";
import type { Kind } from "../api/types";
import { useMayChange, useMe } from "../session/signedIn";
import { ProblemNotice } from "../ui/Notice";
import { ConceptCard } from "./ConceptCard";
import { EmptyLibrary } from "./EmptyLibrary";

const KINDS: readonly { kind: Kind | null; name: string }[] = [
  { kind: null, name: "All" },
  { kind: "object", name: "Things" },
  { kind: "style", name: "Styles" },
];

export function LibraryView() {
  const mayChange = useMayChange();
  const [wanted, setWanted] = useState<Wanted>(everything);
  const asked = useInfiniteQuery(library(useDeferredValue(wanted)));
  const concepts = asked.data?.pages.flatMap((page) => page.items);
  const learning = concepts?.some((concept) => concept.training_job !== null) ?? false;
  const running = useQuery({ ...trainings, enabled: learning });
  const { user } = useMe();
  const narrowed = wanted.owner !== null || wanted.query !== "" || wanted.kind !== null || wanted.tag !== null;
  const tags = [...new Set(concepts?.flatMap((concept) => concept.tags))].sort();
  if (wanted.tag !== null && !tags.includes(wanted.tag)) tags.push(wanted.tag);

  if (concepts?.length === 0 && !narrowed) return <EmptyLibrary />;
  return (
    <>
      <div className="head">
        <h1>Library</h1>
        {mayChange && (
          <div className="row">
            <Link className="button quiet" href="/import">
              Import
            </Link>
            <Link className="button primary" href="/teach">
              Teach a new word
            </Link>
          </div>
        )}
      </div>
      <div className="filters" role="search">
        <input
          type="search"
          aria-label="Search the library"
          placeholder="Search"
          value={wanted.query}
          onChange={(event) => {
            setWanted({ ...wanted, query: event.target.value });
          }}
        />
        <div className="chips" role="group" aria-label="Kind">
          {KINDS.map(({ kind, name }) => (
            <button
              key={name}
              type="button"
              className="chip"
              aria-pressed={wanted.kind === kind}
              onClick={() => {
                setWanted({ ...wanted, kind });
              }}
            >
              {name}
            </button>
          ))}
        </div>
        <button
          type="button"
          className="chip"
          aria-pressed={wanted.owner !== null}
          onClick={() => {
            setWanted({ ...wanted, owner: wanted.owner === null ? user.id : null });
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
                aria-pressed={wanted.tag === tag}
                onClick={() => {
                  setWanted({ ...wanted, tag: wanted.tag === tag ? null : tag });
                }}
              >
                #{tag}
              </button>
            ))}
          </div>
        )}
      </div>
      {asked.isError && <ProblemNotice error={asked.error} />}
      {concepts?.length === 0 && (
        <p className="soft" role="status">
          No word fits.{" "}
          <button
            type="button"
            className="link"
            onClick={() => {
              setWanted(everything);
            }}
          >
            Show all
          </button>
        </p>
      )}
      <ul className="cards">
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
