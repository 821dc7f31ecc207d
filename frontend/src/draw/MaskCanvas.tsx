// The transparent sheet over the picture that strokes are on. A mouse, a pen, a finger or the keyboard draws them; two
// fingers, the middle button or the tool to move change what is shown.
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import type { Tool } from "./BoardTools";
import type { Point, Size, Stroke } from "./initImage";
import { drawOutline, drawStrokes } from "./paint";

interface MaskCanvasProps {
  size: Size;
  strokes: readonly Stroke[];
  tool: Tool;
  brush: number;
  onStroke: (stroke: Stroke) => void;
  onUndo: () => void;
  onBrush: (step: number) => void;
  /** Zooms around a point of the window; without one, around the middle. */
  onZoom: (factor: number, at: Point | null) => void;
  /** Moves the sheet, in pixels of the window. */
  onPan: (by: Point) => void;
  /** Brings a point of the sheet into view. */
  onShow: (point: Point) => void;
}

const MOVES: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** What the pointers on the sheet do: one draws or moves it, two zoom. */
type Gesture = { does: "draw"; pointer: number; erases: boolean; points: Point[] } | { does: "pan"; pointer: number } | { does: "zoom" };

export function MaskCanvas({ size, strokes, tool, brush, onStroke, onUndo, onBrush, onZoom, onPan, onShow }: MaskCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const gesture = useRef<Gesture | null>(null);
  const pointers = useRef(new Map<number, Point>()); // where each is in the window
  const [cursor, setCursor] = useState<Point | null>(null);
  const { width, height } = size;
  const area = tool === "lasso";

  useEffect(() => {
    if (canvas.current !== null) drawStrokes(canvas.current, strokes);
  }, [strokes, width, height]);

  function pointOf(event: { clientX: number; clientY: number }): Point {
    const box = canvas.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return { x: 0, y: 0 };
    return { x: ((event.clientX - box.left) / box.width) * width, y: ((event.clientY - box.top) / box.height) * height };
  }

  function strokeOf({ erases, points }: { erases: boolean; points: readonly Point[] }): Stroke {
    return { kind: erases ? "erase" : "paint", size: brush, points, ...(area ? { area } : {}) };
  }

  function show() {
    const now = gesture.current;
    if (canvas.current === null) return;
    drawStrokes(canvas.current, now?.does === "draw" ? [...strokes, strokeOf(now)] : strokes);
    if (now?.does === "draw" && area) drawOutline(canvas.current, now.points);
  }

  function down(event: PointerEvent<HTMLCanvasElement>) {
    const now = gesture.current;
    // A hand that rests on the glass while a pen or a mouse draws.
    if (now?.does === "draw" && event.pointerType === "touch" && !pointers.current.has(now.pointer)) return;
    const moves = event.button === 1 || tool === "move";
    if (event.button !== 0 && !moves) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch" || moves) pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (event.pointerType === "touch" && pointers.current.size >= 2) gesture.current = { does: "zoom" };
    else if (moves) gesture.current = { does: "pan", pointer: event.pointerId };
    else {
      const erases = tool === "erase" || (area && event.altKey);
      gesture.current = { does: "draw", pointer: event.pointerId, erases, points: [pointOf(event)] };
    }
    if (moves) event.preventDefault(); // the middle button would scroll by itself
    show();
  }

  function move(event: PointerEvent<HTMLCanvasElement>) {
    if (event.pointerType !== "touch") setCursor(tool === "paint" || tool === "erase" ? pointOf(event) : null);
    const now = gesture.current;
    const before = pointers.current.get(event.pointerId);
    const at = { x: event.clientX, y: event.clientY };
    if (now?.does === "draw" && now.pointer === event.pointerId) {
      const between = event.nativeEvent.getCoalescedEvents();
      now.points.push(...(between.length > 0 ? between : [event.nativeEvent]).map(pointOf));
      show();
    } else if (now?.does === "pan" && before) onPan({ x: at.x - before.x, y: at.y - before.y });
    else if (now?.does === "zoom" && before) {
      const [still] = [...pointers.current].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
      if (still) {
        onPan({ x: (at.x - before.x) / 2, y: (at.y - before.y) / 2 });
        const middle = { x: (at.x + still.x) / 2, y: (at.y + still.y) / 2 };
        onZoom(distance(at, still) / Math.max(1, distance(before, still)), middle);
      }
    }
    if (before) pointers.current.set(event.pointerId, at);
  }

  function up(event: PointerEvent<HTMLCanvasElement>) {
    pointers.current.delete(event.pointerId);
    const now = gesture.current;
    if (now?.does === "draw" && now.pointer === event.pointerId) {
      gesture.current = null;
      if (event.type === "pointercancel" || (area && now.points.length < 3)) show();
      else onStroke(strokeOf(now));
    } else if (pointers.current.size === 0 && now?.does !== "draw") gesture.current = null;
  }

  function press(event: KeyboardEvent) {
    const at = cursor ?? { x: width / 2, y: height / 2 };
    const direction = MOVES[event.key];
    const kind = tool === "erase" ? "erase" : "paint";
    if (direction !== undefined) {
      const step = brush / (event.shiftKey ? 8 : 2);
      const to = {
        x: Math.min(width, Math.max(0, at.x + direction[0] * step)),
        y: Math.min(height, Math.max(0, at.y + direction[1] * step)),
      };
      setCursor(to);
      onShow(to);
      if (event.altKey) onStroke({ kind, size: brush, points: [at, to] });
    } else if (event.key === " " || event.key === "Enter") {
      setCursor(at);
      onStroke({ kind, size: brush, points: [at] });
    } else if (event.key === "+" || event.key === "=") onBrush(2);
    else if (event.key === "-") onBrush(-2);
    else if (event.key === "PageUp") onZoom(1.5, null);
    else if (event.key === "PageDown") onZoom(1 / 1.5, null);
    else if (event.key === "z" || event.key === "Backspace") onUndo();
    else return;
    event.preventDefault();
  }

  return (
    <>
      <canvas
        ref={canvas}
        width={width}
        height={height}
        tabIndex={0}
        role="application"
        data-tool={tool}
        aria-label="Mark what is drawn anew. Arrow keys move the brush, the space bar paints, Alt with an arrow paints a line, plus and minus change the size, Page Up and Page Down zoom, Z undoes."
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={up}
        onPointerLeave={() => {
          if (gesture.current === null) setCursor(null);
        }}
        onKeyDown={press}
        onFocus={() => {
          if (canvas.current?.matches(":focus-visible")) setCursor((at) => at ?? { x: width / 2, y: height / 2 });
        }}
        onBlur={() => {
          setCursor(null);
        }}
      />
      {cursor !== null && (
        <span
          className="brush"
          data-tool={tool}
          style={{
            left: `${(cursor.x / width) * 100}%`,
            top: `${(cursor.y / height) * 100}%`,
            width: `${(brush / width) * 100}%`,
          }}
        />
      )}
    </>
  );
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
