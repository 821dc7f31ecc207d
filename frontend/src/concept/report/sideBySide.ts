// Which drawings of several reports can be compared: those of the same prompt and seed.
import type { Checkpoint, Report } from "../../api/types";

export interface Row {
  prompt: string;
  seed: number;
  /** The address of each report's drawing, in the order of the reports. */
  drawings: readonly string[];
}

export function chosenOf(report: Report): Checkpoint | undefined {
  return report.checkpoints.find((checkpoint) => checkpoint.chosen);
}

/** The rows that every report has, in the order of the first; by seed, and by prompt within a seed. */
export function commonRows(reports: readonly Report[]): Row[] {
  const [first] = reports;
  if (first === undefined) return [];
  const rows = (chosenOf(first)?.drawings ?? []).flatMap(({ prompt: place, seed }) => {
    const prompt = first.prompts[place];
    if (prompt === undefined) return [];
    const drawings = reports.flatMap((report) => drawingOf(report, prompt, seed) ?? []);
    return drawings.length === reports.length ? [{ prompt, seed, drawings }] : [];
  });
  const order = (row: Row) => row.seed * first.prompts.length + first.prompts.indexOf(row.prompt);
  return rows.sort((one, other) => order(one) - order(other));
}

function drawingOf(report: Report, prompt: string, seed: number): string | undefined {
  return chosenOf(report)?.drawings.find((each) => report.prompts[each.prompt] === prompt && each.seed === seed)?.url;
}
