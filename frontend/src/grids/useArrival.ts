// What the Draw view begins with when an address says so: the axes of a grid, or a picture to go on with.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useLocation } from "wouter";

import { grid as gridQuery } from "./gridQueries";
import { valuesOfGrid, type GridValues } from "./gridValues";
import { isGrid } from "./types";

type WithPicture = (image: { id: string }) => void;

interface Arrival {
  grid: (grid: GridValues) => void;
  prompt: (prompt: string) => void;
  again: WithPicture;
  vary: WithPicture;
  edit: WithPicture;
}

/** `/draw?grid=ID`, `?again=ID`, `?vary=ID`, `?edit=ID`. The address is bare afterwards: a reload does nothing again. */
export function useArrival(search: URLSearchParams, take: Arrival) {
  const [, go] = useLocation();
  const id = search.get("grid");
  // eslint-disable-next-line oneword/shown-problem -- the view shows it
  const asked = useQuery({ ...gridQuery(id ?? ""), enabled: id !== null && id !== "new", refetchInterval: false });
  const done = useRef("");
  useEffect(() => {
    const address = search.toString();
    if (done.current === address) return;
    const { again, vary, edit } = take;
    const asks = Object.entries({ again, vary, edit }).find(([name]) => search.has(name));
    if (asks) asks[1]({ id: search.get(asks[0]) ?? "" });
    else if (asked.data && isGrid(asked.data)) {
      const { prompt, grid } = valuesOfGrid(asked.data);
      take.prompt(prompt);
      take.grid(grid);
    } else return;
    done.current = address; // once, so that later changes to the form stay
    go("/draw", { replace: true });
  });
  return asked;
}
