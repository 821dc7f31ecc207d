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

test("a lasso marks what its line goes around, and Alt takes it away", async () => {
  const { user, masks } = open();
  await user.click(screen.getByRole("button", { name: "Lasso" }));
  const canvas = screen.getByRole("application");
  canvas.setPointerCapture = () => undefined;
  canvas.getBoundingClientRect = () => new DOMRect(0, 0, 64, 48);
  const line = [[8, 8], [40, 8], [24, 32]] as const;
  for (const altKey of [false, true]) {
    const [[clientX, clientY]] = line;
    fireEvent.pointerDown(canvas, { pointerId: 1, button: 0, clientX, clientY, altKey });
    for (const [x, y] of line.slice(1)) fireEvent.pointerMove(canvas, { pointerId: 1, clientX: x, clientY: y });
    fireEvent.pointerUp(canvas, { pointerId: 1 });
  }
  const points = line.map(([x, y]) => ({ x, y }));
  expect(masks.at(-1)).toMatchObject({ strokes: [{ kind: "paint", area: true, points }, { kind: "erase", area: true, points }] });
});

test("two fingers zoom and draw nothing, and the whole picture comes back in one press", async () => {
  const { user, masks } = open();
  const canvas = screen.getByRole("application");
  canvas.setPointerCapture = () => undefined;
  const easel = canvas.closest<HTMLElement>(".easel");
  if (easel === null) throw new Error("the canvas is on no easel");
  easel.getBoundingClientRect = () => new DOMRect(0, 0, 200, 100);
  const finger = { pointerType: "touch", button: 0 };
  fireEvent.pointerDown(canvas, { ...finger, pointerId: 1, clientX: 80, clientY: 50 });
  fireEvent.pointerDown(canvas, { ...finger, pointerId: 2, clientX: 120, clientY: 50 });
  fireEvent.pointerMove(canvas, { ...finger, pointerId: 2, clientX: 160, clientY: 50 });
  fireEvent.pointerUp(canvas, { ...finger, pointerId: 1 });
  fireEvent.pointerUp(canvas, { ...finger, pointerId: 2 });
  expect(masks).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Zoom 200 %, show all of it" }));
  expect(screen.getByRole("button", { name: "Zoom out" })).toHaveProperty("disabled", true);
});
