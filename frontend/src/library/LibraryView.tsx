// Every word of the team, as pictures.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";

import { library, runningTrainings } from "../api/queries";
import { useMayChange } from "../session/currentUser";
import { ProblemNotice, Problems } from "../ui/Notice";
import { CardGrid } from "./CardGrid";
import { EmptyLibrary } from "./EmptyLibrary";
import { filterFrom, isNarrowed, libraryAddress, noFilter, type LibraryFilter } from "./libraryFilter";
import { LibraryFilters } from "./LibraryFilters";
import { SelectedWords } from "./SelectedWords";

export function LibraryView() {
  const mayChange = useMayChange();
  const search = useSearch();
  const [, go] = useLocation();
  const filter = useMemo(() => filterFrom(search), [search]);
  const setFilter = (wanted: LibraryFilter) => {
    go(libraryAddress(wanted), { replace: true });
  };
  const asked = useInfiniteQuery(library(useDeferredValue(filter)));
  const { fetchNextPage, isFetching } = asked;
  const concepts = useMemo(() => asked.data?.pages.flatMap((page) => page.items), [asked.data]);
  const showMore = useCallback(() => {
    if (!isFetching) void fetchNextPage();
  }, [fetchNextPage, isFetching]);
  const learning = concepts?.some((concept) => concept.training_job !== null) ?? false;
  const running = useQuery({ ...runningTrainings, enabled: learning });
  const [selected, setSelected] = useState<ReadonlySet<string> | null>(null);
  const chosen = selected === null ? [] : (concepts ?? []).filter(({ id }) => selected.has(id));

  if (concepts?.length === 0 && !isNarrowed(filter)) return <EmptyLibrary />;
  return (
    <>
      <div className="head">
        <h1>Library</h1>
        <div className="row">
          <button
            type="button"
            className="button quiet"
            aria-pressed={selected !== null}
            onClick={() => {
              setSelected(selected === null ? new Set() : null);
            }}
          >
            Select
          </button>
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
      <LibraryFilters
        filter={filter}
        onChange={(wanted) => {
          setSelected(null);
          setFilter(wanted);
        }}
      />
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
      {concepts !== undefined && concepts.length > 0 && (
        <CardGrid
          concepts={concepts}
          jobs={running.data}
          hasMore={asked.hasNextPage}
          selected={selected}
          onSelected={setSelected}
          onNearEnd={showMore}
        />
      )}
      <p className="more soft" role="status">
        {asked.isFetchingNextPage && "Loading more words…"}
      </p>
      {chosen.length > 0 && (
        <SelectedWords
          chosen={chosen}
          mayChange={mayChange}
          onClear={() => {
            setSelected(null);
          }}
        />
      )}
    </>
  );
}
