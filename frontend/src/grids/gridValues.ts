// The axes that the form asks for, and their conversion to a request. Pure.
import { requestFromValues, type GenerationValues } from "../draw/generationValues";
import type { Grid, GridRequest } from "./types";

/** Numbers are texts, as in the form: "1-8, 12". */
export interface GridValues {
  title: string;
  /** Further prompts, one in a line; the first one is that of the form. */
  prompts: string;
  concepts: readonly string[];
  versions: string;
  guidance: string;
  seeds: string;
}

export const emptyGrid: GridValues = { title: "", prompts: "", concepts: [], versions: "", guidance: "", seeds: "1-4" };

const RANGE = /^(\d+)\s*[-–…]\s*(\d+)$/;
const RANGE_MAX = 200;

/** The numbers of a text such as "1-8, 12" or "2.5 4"; null if a part of it is none. */
export function numbersIn(text: string): number[] | null {
  const found: number[] = [];
  for (const part of text.replace(/\s*([-–…])\s*/g, "$1").split(/[\s,;]+/).filter(Boolean)) {
    const range = RANGE.exec(part);
    const [first, last] = range ? [Number(range[1]), Number(range[2])] : [Number(part), Number(part)];
    if (Number.isNaN(first) || first < 0 || last < first || last - first >= RANGE_MAX) return null;
    for (let number = first; number <= last; number++) if (!found.includes(number)) found.push(number);
  }
  return found;
}

/** The prompts, each once, without empty lines. */
export function promptsOf(first: string, grid: GridValues): string[] {
  return [...new Set([first, ...grid.prompts.split("\n")].map((prompt) => prompt.trim()).filter(Boolean))];
}

/** How many values each axis has; an axis that nobody filled counts once. */
export function sizesOf(prompt: string, grid: GridValues): number[] {
  const counts = [promptsOf(prompt, grid).length, grid.concepts.length];
  for (const text of [grid.versions, grid.guidance, grid.seeds]) counts.push(numbersIn(text)?.length ?? 0);
  return counts.map((count) => Math.max(1, count));
}

export function requestFromGrid(values: GenerationValues, grid: GridValues): GridRequest {
  const common = requestFromValues(values);
  const guidance = numbersIn(grid.guidance) ?? [];
  return {
    title: grid.title.trim(),
    prompts: promptsOf(values.prompt, grid),
    concepts: [...grid.concepts],
    versions: numbersIn(grid.versions) ?? [],
    guidance: guidance.length > 0 ? guidance : numberOr(common.guidance),
    seeds: numbersIn(grid.seeds) ?? [],
    negative_prompt: common.negative_prompt ?? "",
    base_model: common.base_model ?? null,
    steps: common.steps ?? null,
    scheduler: common.scheduler ?? null,
    width: common.width ?? null,
    height: common.height ?? null,
  };
}

function numberOr(number: number | null | undefined): number[] {
  return number === null || number === undefined ? [] : [number];
}

/** The axes of a grid that was drawn, to change and draw again. */
export function valuesOfGrid(grid: Grid): { prompt: string; grid: GridValues } {
  const of = (name: string) => grid.grid.axes.find((axis) => axis.name === name)?.values ?? [];
  const [prompt, ...others] = of("prompts").map(String);
  return {
    prompt: prompt ?? "",
    grid: {
      title: grid.grid.title,
      prompts: others.join("\n"),
      concepts: of("concepts").map(String),
      versions: of("versions").join(", "),
      guidance: of("guidance").join(", "),
      seeds: of("seeds").join(", "),
    },
  };
}
