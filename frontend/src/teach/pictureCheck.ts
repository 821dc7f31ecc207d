// What the studio says of the pictures before they are taught, when a training would run, and the mask it makes.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { answer, api, formOf } from "../api/client";
import type { Kind } from "../api/types";
import { pictureFields, type TeachPicture } from "./pictures";
import type { Sides, Square } from "./square";

const ESTIMATE_MS = 15_000;

export function pictureCheck(pictures: readonly TeachPicture[], baseModel: string | null, kind: Kind) {
  const fields = pictureFields(pictures.map((picture) => ({ ...picture, caption: "" })));
  const named = ({ name, size, lastModified }: File) => [name, size, lastModified];
  return queryOptions({
    // A file has no id of its own; what it is called, how long it is and when it was saved tell it apart.
    queryKey: ["pictures", baseModel, kind, fields.images.map(named), fields.edits, fields.masks.map(named)],
    queryFn: ({ signal }) =>
      answer(
        api.POST("/api/pictures/check", {
          body: { images: [] },
          bodySerializer: () => formOf({ ...fields, base_model: baseModel, kind }),
          signal,
        }),
      ),
    enabled: pictures.length > 0,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
}

export function trainingEstimate(baseModel: string | null, stepsMax: string) {
  const steps = Number(stepsMax);
  return queryOptions({
    queryKey: ["jobs", "estimate", baseModel, stepsMax],
    queryFn: ({ signal }) => {
      const query = { base_model: baseModel, steps_max: Number.isInteger(steps) && steps > 0 ? steps : null };
      return answer(api.GET("/api/trainings/estimate", { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
    refetchInterval: ESTIMATE_MS,
  });
}

/** A mask of what a picture shows. `square` says where it is. */
export async function makeMask(file: File, square: Square | null, sides: Sides): Promise<Blob> {
  const box = square === null ? null : boxAround(square, sides);
  const form = formOf({ image: [file], ...box });
  const made: unknown = await answer(
    api.POST("/api/pictures/mask", { body: { image: "" }, bodySerializer: () => form, parseAs: "blob" }),
  );
  return made as Blob;
}

/** The rectangle that the subject is in: a little less than the square, as what touches its edge is background. */
function boxAround({ x, y, size }: Square, sides: Sides) {
  const margin = 0.03 * size;
  const left = Math.max(0, x + margin);
  const top = Math.max(0, y + margin);
  return {
    x: Math.round(left),
    y: Math.round(top),
    width: Math.round(Math.min(sides.width - left, size - 2 * margin)),
    height: Math.round(Math.min(sides.height - top, size - 2 * margin)),
  };
}
