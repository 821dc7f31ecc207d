// What the Draw view begins with when an address says so: the axes of a grid, or a cell that is drawn again or changed.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { grid as gridQuery } from "./gridQueries";
import { valuesOfGrid, type GridValues } from "./gridValues";
import { isGrid } from "./types";

interface Arrival {
  grid: (grid: GridValues) => void;
  prompt: (prompt: string) => void;
  again: (image: { id: string }) => void;
  vary: (image: { id: string }) => void;
  edit: (image: { id: string }) => void;
}

export function useArrival(search: URLSearchParams, take: Arrival) {
  const id = search.get("grid");
  const asked = useQuery({ ...gridQuery(id ?? ""), enabled: id !== null && id !== "new", refetchInterval: false });
  const from = search.get("from");
  const again = search.get("again");
  const done = useRef("");
  useEffect(() => {
    const address = search.toString();
    if (done.current === address) return;
    if (from !== null) take.edit({ id: from });
    else if (again !== null && search.get("seed") === "others") take.vary({ id: again });
    else if (again !== null) take.again({ id: again });
    else if (asked.data && isGrid(asked.data)) {
      const { prompt, grid } = valuesOfGrid(asked.data);
      take.prompt(prompt);
      take.grid(grid);
    } else return;
    done.current = address; // once: whoever changes the form keeps the change
  });
}
