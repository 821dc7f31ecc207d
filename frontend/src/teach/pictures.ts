// Choosing pictures: which of the dropped files are taken, what is changed about each, and what the studio says of it.
import type { Problem } from "../api/problem";
import type { CheckedPicture, PictureCheck } from "../api/types";
import type { Square } from "./square";

/** What the studio reads. Phones turn their own format into JPEG when a page asks for exactly these. */
export const PICTURE_TYPES = "image/jpeg,image/png,image/webp";

/** A picture to learn from, with what somebody changed about it. */
export interface TeachPicture {
  file: File;
  /** In pixels of the upright picture; null means the square in the middle. */
  square: Square | null;
  /** White where the picture is learned from. */
  mask: File | null;
  /** What it shows beside the word, which the word does not learn. */
  caption: string;
}

export function pictureOf(file: File): TeachPicture {
  return { file, square: null, mask: null, caption: "" };
}

function same(one: File, other: File): boolean {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}

/** The pictures there are and the new files, without those chosen twice by mistake. */
export function withAdded(pictures: readonly TeachPicture[], added: Iterable<File>): TeachPicture[] {
  const all = [...pictures];
  for (const file of added) if (!all.some((each) => same(each.file, file))) all.push(pictureOf(file));
  return all;
}

/** The pictures among what was pasted or dropped. Screenshots are pasted without a name of their own. */
export function picturesIn(files: Iterable<File>, now = Date.now()): File[] {
  const found = [...files].filter((file) => file.type.startsWith("image/"));
  return found.map((file, place) =>
    file.name === "image.png" ? new File([file], `pasted-${now + place}.png`, { type: file.type, lastModified: now }) : file,
  );
}

/** Form fields with the pictures and what was changed about them. Nothing is said of pictures that stay as they are. */
export function pictureFields(pictures: readonly TeachPicture[]) {
  const masks = pictures.flatMap(({ mask }) => (mask === null ? [] : [mask]));
  const edits = pictures.map(({ square, mask, caption }) => ({
    ...(square === null ? {} : { crop: { x: square.x, y: square.y, size: square.size }, turn: square.turn }),
    ...(mask === null ? {} : { mask: masks.indexOf(mask) }),
    ...(caption.trim() === "" ? {} : { caption: caption.trim() }),
  }));
  const changed = edits.some((edit) => Object.keys(edit).length > 0);
  return { images: pictures.map(({ file }) => file), edits: changed ? edits.map((edit) => JSON.stringify(edit)) : [], masks };
}

const MASKED = "Parts of it are left out. Only the rest is learned from.";

/** What to say under one picture. */
export interface Remark {
  grave: boolean;
  /** Nothing to worry about. */
  plain?: boolean;
  text: string;
}

/**
 * Remarks on the picture at a place: those of the check before, and of the answer if the upload was refused. Both speak
 * of the pictures by their place in what was sent.
 */
export function remarksOn(place: number, checked: CheckedPicture | undefined, refusal: Problem | null): Remark[] {
  const refused = refusal?.pictures?.find((picture) => picture.index === place);
  if (refused) return [{ grave: true, text: refused.detail }];
  if (checked?.problem) return [{ grave: true, text: checked.problem.detail }];
  const said = (checked?.warnings ?? []).map((warning) => ({ grave: false, text: warning.detail }));
  return checked?.masked ? [{ grave: false, plain: true, text: MASKED }, ...said] : said;
}

/** The studio's answer belongs to these pictures only if it speaks of as many. */
export function checkFor(pictures: readonly TeachPicture[], check: PictureCheck | undefined): PictureCheck | undefined {
  const fits =
    check?.pictures.length === pictures.length &&
    pictures.every(({ file }, place) => check.pictures[place]?.name === file.name.slice(0, 100));
  return fits ? check : undefined;
}

/** A score in words. */
export function scoreText(score: number): string {
  if (score >= 85) return "Ready to teach";
  return score >= 60 ? "Good enough; better is possible" : "It would learn little from these";
}
