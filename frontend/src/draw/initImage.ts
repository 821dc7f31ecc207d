// The picture that a generation starts from, its inpainting mask and its strength. Pure: no canvas, no requests.

/** A file that was dropped, or a picture that the service has. */
export type Picture = { kind: "file"; file: File } | { kind: "image" | "upload"; id: string };

/** One movement of the brush or of the lasso (`area`: all that the line goes around), in pixels of the mask; or something
 * done to all of it. */
export type Stroke =
  | { kind: "paint" | "erase"; size: number; points: readonly Point[]; area?: boolean }
  | { kind: "invert" }
  | { kind: "clear" };

export interface Point {
  x: number;
  y: number;
}

/** The area that is drawn again: strokes that are painted here, or the mask of an earlier generation. */
export type Mask = { kind: "strokes"; strokes: readonly Stroke[]; size: Size } | { kind: "upload"; id: string };

export interface Size {
  width: number;
  height: number;
}

export interface InitImage {
  picture: Picture;
  mask: Mask | null;
  strength: number | null; // null means the default of the service
}

const SHORTER_SIDE_MAX = 1024;
const LONGER_SIDE_MAX = 4096;
export const DEFAULT_STRENGTH = 0.75;
export const DEFAULT_STRENGTH_IN_MASK = 1;

export function initImageFrom(picture: Picture): InitImage {
  return { picture, mask: null, strength: null };
}

/** The address of a picture that the studio has. */
export function addressOf({ kind, id }: { kind: "image" | "upload"; id: string }): string {
  return `/api/${kind}s/${id}`;
}

/** The size that the studio keeps a picture at, and so that of its mask. */
export function storedSize({ width, height }: Size): Size {
  const scale = Math.min(1, SHORTER_SIDE_MAX / Math.min(width, height), LONGER_SIDE_MAX / Math.max(width, height));
  return { width: Math.max(1, halfToEven(width * scale)), height: Math.max(1, halfToEven(height * scale)) };
}

/** Rounds as the service does, so that both always come to the same size. */
function halfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Whether the strokes leave anything white. Erasing may leave nothing too; the studio says so then. */
export function marksAnything(mask: Mask | null): boolean {
  if (mask === null) return false;
  if (mask.kind === "upload") return true;
  return mask.strokes.reduce((marked, stroke) => (stroke.kind === "clear" ? false : marked || stroke.kind !== "erase"), false);
}

export function withStroke(strokes: readonly Stroke[], stroke: Stroke): readonly Stroke[] {
  if (stroke.kind === "clear") return strokes.length === 0 ? strokes : [...strokes, stroke];
  return [...strokes, stroke];
}

/** How much of the picture is given up, as it will be drawn. */
export function strengthOf(initImage: InitImage): number {
  const masked = marksAnything(initImage.mask);
  if (initImage.strength === null || (initImage.strength === 1 && !masked)) return masked ? DEFAULT_STRENGTH_IN_MASK : DEFAULT_STRENGTH;
  return initImage.strength;
}

/** What a strength comes to, in words. */
export function strengthText(strength: number): string {
  if (strength < 0.3) return "touches it up";
  if (strength < 0.6) return "changes how things look";
  if (strength < 0.85) return "changes things, keeps where they are";
  if (strength < 1) return "keeps hardly more than its colours";
  return "draws it wholly anew";
}
