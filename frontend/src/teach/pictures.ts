// Choosing pictures: which of the dropped files are taken, and what the studio says of each.
import type { Problem } from "../api/problem";
import type { CheckedPicture, PictureCheck } from "../api/types";

/** What the studio reads. Phones turn their own format into JPEG when a page asks for exactly these. */
export const PICTURE_TYPES = "image/jpeg,image/png,image/webp";

function same(one: File, other: File): boolean {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}

/** The files there are and the new ones, without those chosen twice by mistake. */
export function withAdded(files: readonly File[], added: Iterable<File>): File[] {
  const all = [...files];
  for (const file of added) if (!all.some((each) => same(each, file))) all.push(file);
  return all;
}

const MASKED = "Parts of it are transparent. Only the rest is learned from.";

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

/** The studio's answer belongs to these files only if it speaks of as many. */
export function checkFor(files: readonly File[], check: PictureCheck | undefined): PictureCheck | undefined {
  const fits = check?.pictures.length === files.length && files.every((file, place) => check.pictures[place]?.name === file.name.slice(0, 100));
  return fits ? check : undefined;
}

/** The square that is learned from, in percent of the picture's sides, for drawing it over the picture. */
export function cropInPercent({ width, height, crop }: CheckedPicture) {
  if (crop == null || !width || !height) return null;
  return {
    left: `${(100 * crop.x) / width}%`,
    top: `${(100 * crop.y) / height}%`,
    width: `${(100 * crop.size) / width}%`,
    height: `${(100 * crop.size) / height}%`,
  };
}
