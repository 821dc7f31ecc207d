// A grid as a table: one axis across, the others down, the first of them outermost. Pure. The service draws its sheet alike.
import type { GridAxis } from "./types";

export interface GridRow {
  /** One label for each axis that runs down, and over how many rows it stands; 0 where a row above has it already. */
  labels: readonly { axis: GridAxis; value: GridAxis["values"][number]; span: number }[];
  /** The pictures of the row, by index. */
  cells: readonly number[];
}

export interface GridTable {
  across: GridAxis | null;
  down: readonly GridAxis[];
  rows: readonly GridRow[];
  /** Axes with a single value: they hold for every cell. */
  fixed: readonly GridAxis[];
}

/** The axes that can run across. */
export function severalOf(axes: readonly GridAxis[]): GridAxis[] {
  return axes.filter((axis) => axis.values.length > 1);
}

export function tableOf(axes: readonly GridAxis[], columns: string | null): GridTable {
  const several = severalOf(axes);
  const across = several.find((axis) => axis.name === columns) ?? several.at(-1) ?? null;
  const down = several.filter((axis) => axis !== across);
  const rows = combinations(down.map((axis) => axis.values.length)).map((places) => ({
    labels: down.map((axis, level) => {
      const inner = down.slice(level + 1).reduce((product, each) => product * each.values.length, 1);
      const first = places.slice(level + 1).every((place) => place === 0);
      return { axis, value: axis.values[places[level] ?? 0] ?? "", span: first ? inner : 0 };
    }),
    cells: (across?.values ?? [""]).map((_, column) =>
      axes.reduce((index, axis) => {
        const place = axis === across ? column : (places[down.indexOf(axis)] ?? 0);
        return index * axis.values.length + place;
      }, 0),
    ),
  }));
  return { across, down, rows, fixed: axes.filter((axis) => axis.values.length === 1) };
}

/** Every combination of places, the last one fastest. */
function combinations(lengths: readonly number[]): number[][] {
  return lengths.reduce<number[][]>(
    (found, length) => found.flatMap((before) => Array.from({ length }, (_, place) => [...before, place])),
    [[]],
  );
}

export const AXIS_NAMES: Record<GridAxis["name"], string> = {
  prompts: "Prompts",
  concepts: "Words",
  versions: "Versions",
  guidance: "Guidance",
  seeds: "Seeds",
};
