// From three scores to three places on a line and a few plain words. A score alone says nothing; where it lies between
// what the plain word does and what the pictures themselves are does.
import type { Report, Scores } from "../../api/types";

export interface Gauge {
  name: string;
  question: string;
  low: string;
  high: string;
  /** Where it lies, from 0 at `low` to 1 at `high`. */
  place: number;
  said: string;
  detail: string;
  grave: boolean;
}

const COPIED = 1.25;
const FREE = 0.5;

/** The gauges of a checkpoint; none without scores to lie between. */
export function gaugesOf(report: Report, scores: Scores | null | undefined): Gauge[] {
  const pictures = report.pictures;
  const plain = report.initializer?.scores;
  if (!scores || !pictures || !plain) return [];
  const word = `“${report.initializer?.text ?? ""}”`;
  const likeness = between(scores.likeness, plain.likeness, pictures.likeness);
  const heeded = between(scores.editability, pictures.editability, plain.editability);
  const near = between(scores.copying, plain.copying, pictures.copying);
  return [
    {
      name: "Likeness",
      question: "Is it the thing in the pictures?",
      low: `any ${word}`,
      high: "the pictures",
      place: likeness,
      said: likeness >= 0.75 ? "Unmistakable" : likeness >= 0.45 ? "Recognisable" : likeness >= 0.2 ? "A family likeness" : "Hardly",
      detail: beside(scores.likeness, plain.likeness, pictures.likeness),
      grave: likeness < 0.2,
    },
    {
      name: "Obedience",
      question: "Does it do what the sentence says?",
      low: "ignores it",
      high: `like ${word}`,
      place: heeded,
      said: heeded >= 0.85 ? "As well as the plain word" : heeded >= 0.6 ? "Mostly" : heeded >= 0.35 ? "Now and then" : "Hardly",
      detail: beside(scores.editability, plain.editability, pictures.editability),
      grave: heeded < 0.35,
    },
    {
      name: "Freedom",
      question: "Does it draw anew, or copy one picture?",
      low: "copies",
      high: "draws anew",
      // A word that is like its pictures is near to them; only nearer than they are to each other is copying.
      place: (COPIED - near) / (COPIED - FREE),
      said: near >= 1.05 ? "Copies a picture" : near >= 0.95 ? "Close to one picture" : "Draws anew",
      detail: beside(scores.copying, plain.copying, pictures.copying),
      grave: near >= 1.05,
    },
  ];
}

/** How far `score` is on the way from `none` to `all`; a little beyond either end is shown as such. */
export function between(score: number, none: number, all: number): number {
  const span = all - none;
  if (Math.abs(span) < 1e-6) return 0.5;
  return Math.min(1.15, Math.max(-0.15, (score - none) / span));
}

function beside(score: number, plain: number, pictures: number): string {
  return `${score.toFixed(2)}; the plain word ${plain.toFixed(2)}, the pictures ${pictures.toFixed(2)}`;
}
