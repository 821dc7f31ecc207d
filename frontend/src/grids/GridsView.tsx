// All grids of the team, newest first.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { ProblemNotice } from "../ui/Notice";
import { GridRow } from "./GridRow";
import { grids } from "./gridQueries";
import { isGrid } from "./types";

export function GridsView() {
  const asked = useInfiniteQuery(grids);
  const found = asked.data?.pages.flatMap((page) => page.items).filter(isGrid) ?? [];
  return (
    <>
      <div className="head">
        <h1>Grids</h1>
        <Link className="button primary" href="/draw?grid=new">
          New grid
        </Link>
      </div>
      {asked.isError && <ProblemNotice error={asked.error} />}
      {asked.isSuccess && found.length === 0 && (
        <p className="soft">
          No grid was drawn yet. A grid draws every combination of prompts, words, versions, guidance and seeds, to compare them side by side.
        </p>
      )}
      <div className="generations">
        {found.map((grid) => (
          <GridRow key={grid.id} grid={grid} />
        ))}
      </div>
      {asked.hasNextPage && (
        <p className="more">
          <button type="button" className="button" disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
            Show earlier ones
          </button>
        </p>
      )}
    </>
  );
}
