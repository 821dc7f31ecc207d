import { fireEvent, screen } from "@testing-library/react";
import { useState } from "react";
import { expect, test } from "vitest";

import { renderPage } from "../testing/page";
import type { Mask } from "./initImage";
import { MaskBoard } from "./MaskBoard";

function open(initial: Mask | null = null) {
  const masks: (Mask | null)[] = [];
  function Board() {
    const [mask, setMask] = useState(initial);
    return (
      <MaskBoard
        source="/api/images/image"
        mask={mask}
        onMask={(next) => {
          masks.push(next);
          setMask(next);
        }}
        onLost={() => undefined}
      />
    );
  }
  const { user } = renderPage(<Board />);
  const picture = screen.getByAltText("The picture to start from");
  Object.defineProperties(picture, { naturalWidth: { value: 64 }, naturalHeight: { value: 48 } });
  fireEvent.load(picture);
  return { user, masks };
}

test("the keyboard paints, and undo takes the last stroke back", async () => {
  const { user, masks } = open();
  const canvas = screen.getByRole("application");
  expect(canvas).toMatchObject({ width: 64, height: 48 });
  fireEvent.keyDown(canvas, { key: " " });
  fireEvent.keyDown(canvas, { key: "ArrowRight", altKey: true });
  expect(masks.at(-1)).toMatchObject({ strokes: [{ kind: "paint" }, { kind: "paint" }], size: { width: 64, height: 48 } });
  await user.click(screen.getByRole("button", { name: "Undo" }));
  expect(masks.at(-1)).toMatchObject({ strokes: [{ kind: "paint", points: [{ x: 32, y: 24 }] }] });
  fireEvent.keyDown(canvas, { key: "z" });
  expect(masks.at(-1)).toBeNull();
  expect(screen.getByRole("button", { name: "Undo" })).toHaveProperty("disabled", true);
});

test("the mask can be inverted and cleared, and clearing is a stroke that can be undone", async () => {
  const { user, masks } = open();
  await user.click(screen.getByRole("button", { name: "Invert" }));
  await user.click(screen.getByRole("button", { name: "Clear" }));
  expect(masks.at(-1)).toMatchObject({ strokes: [{ kind: "invert" }, { kind: "clear" }] });
  await user.click(screen.getByRole("button", { name: "Undo" }));
  expect(masks.at(-1)).toMatchObject({ strokes: [{ kind: "invert" }] });
});

test("the mask of an earlier drawing is kept until another is painted", async () => {
  const { user, masks } = open({ kind: "upload", id: "mask" });
  expect(screen.queryByRole("application")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Paint another" }));
  expect(masks).toEqual([null]);
  expect(screen.getByRole("application")).toBeDefined();
});
