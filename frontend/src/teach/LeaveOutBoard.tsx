// What is not learned from: painted with a brush, or found with one press and then corrected.
import { useMutation } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import { Problems } from "../ui/Notice";
import { makeMask } from "./pictureCheck";
import { boardSize, drawLine, drawMask, leavesOut, maskFile, type Point } from "./leaveOut";
import { isCentred, type Sides, type Square } from "./square";

interface LeaveOutBoardProps {
  url: string;
  sides: Sides;
  file: File;
  square: Square;
  mask: File | null;
  onChange: (mask: File | null) => void;
}

type Tool = "out" | "in";

const UNDO_MAX = 20;
const STEPS: Record<string, readonly [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function LeaveOutBoard({ url, sides, file, square, mask, onChange }: LeaveOutBoardProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const before = useRef<ImageData[]>([]);
  const last = useRef<Point | null>(null);
  const [undoable, setUndoable] = useState(0);
  const [tool, setTool] = useState<Tool>("out");
  const [percent, setPercent] = useState(10); // of the shorter side
  const [cursor, setCursor] = useState<Point | null>(null);
  const { width, height } = boardSize(sides);
  const brush = Math.max(2, (Math.min(width, height) * percent) / 100);

  const showFirst = useEffectEvent(() => {
    if (canvas.current !== null && mask !== null) void drawMask(canvas.current, mask);
  });
  useEffect(() => {
    showFirst();
  }, [width, height]);

  function context() {
    return canvas.current?.getContext("2d", { willReadFrequently: true }) ?? null;
  }

  function remember() {
    const drawn = context()?.getImageData(0, 0, width, height);
    if (drawn === undefined) return;
    before.current = [...before.current.slice(1 - UNDO_MAX), drawn];
    setUndoable(before.current.length);
  }

  async function keep() {
    const { current } = canvas;
    if (current !== null) onChange(leavesOut(current) ? await maskFile(current, file.name) : null);
  }

  function undo() {
    const drawn = before.current.pop();
    setUndoable(before.current.length);
    if (drawn === undefined) return;
    context()?.putImageData(drawn, 0, 0);
    void keep();
  }

  function clear() {
    remember();
    context()?.clearRect(0, 0, width, height);
    void keep();
  }

  const finding = useMutation({
    mutationFn: () => makeMask(file, isCentred(square, sides) ? null : square, sides),
    onSuccess: async (found) => {
      remember();
      if (canvas.current !== null) await drawMask(canvas.current, found);
      await keep();
    },
  });

  function pointOf(event: PointerEvent): Point {
    const box = canvas.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return { x: 0, y: 0 };
    return { x: ((event.clientX - box.left) / box.width) * width, y: ((event.clientY - box.top) / box.height) * height };
  }

  function paint(from: Point, to: Point) {
    const drawing = context();
    if (drawing !== null) drawLine(drawing, from, to, brush, tool === "in");
  }

  function down(event: PointerEvent<HTMLCanvasElement>) {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    remember();
    last.current = pointOf(event);
    paint(last.current, last.current);
  }

  function move(event: PointerEvent<HTMLCanvasElement>) {
    const here = pointOf(event);
    if (event.pointerType !== "touch") setCursor(here);
    if (last.current === null) return;
    paint(last.current, here);
    last.current = here;
  }

  function up() {
    if (last.current === null) return;
    last.current = null;
    void keep();
  }

  function press(event: KeyboardEvent) {
    const at = cursor ?? { x: width / 2, y: height / 2 };
    const direction = STEPS[event.key];
    if (direction !== undefined) {
      const to = { x: clamped(at.x + (direction[0] * brush) / 2, width), y: clamped(at.y + (direction[1] * brush) / 2, height) };
      setCursor(to);
      if (event.altKey) stroke(at, to);
    } else if (event.key === " " || event.key === "Enter") {
      setCursor(at);
      stroke(at, at);
    } else if (event.key === "+" || event.key === "=") setPercent(Math.min(50, percent + 2));
    else if (event.key === "-") setPercent(Math.max(2, percent - 2));
    else if (event.key === "z" || event.key === "Backspace") undo();
    else return;
    event.preventDefault();
  }

  function stroke(from: Point, to: Point) {
    remember();
    paint(from, to);
    void keep();
  }

  return (
    <>
      <div className="stage">
        <div className="whole-picture" style={{ aspectRatio: `${sides.width} / ${sides.height}`, ["--ratio" as string]: sides.width / sides.height }}>
          <img src={url} alt="" draggable={false} />
          <canvas
            ref={canvas}
            width={width}
            height={height}
            tabIndex={0}
            role="application"
            aria-label="Paint over what is not learned from. Arrow keys move the brush, the space bar paints, Alt with an arrow paints a line, plus and minus change the size, Z undoes."
            onPointerDown={down}
            onPointerMove={move}
            onPointerUp={up}
            onPointerCancel={up}
            onPointerLeave={() => {
              if (last.current === null) setCursor(null);
            }}
            onKeyDown={press}
          />
          {cursor !== null && (
            <span
              className="paint-ring"
              data-tool={tool}
              style={{ left: `${(cursor.x / width) * 100}%`, top: `${(cursor.y / height) * 100}%`, width: `${(brush / width) * 100}%` }}
            />
          )}
        </div>
      </div>
      <p className="small soft">Dark parts are not learned from. The word learns the rest.</p>
      <div className="row board-tools">
        <button
          type="button"
          className="button small"
          disabled={finding.isPending}
          onClick={() => {
            finding.mutate();
          }}
        >
          {finding.isPending ? "Looking for it…" : "Find the subject"}
        </button>
        <div className="chips" role="group" aria-label="Brush">
          {(["out", "in"] as const).map((each) => (
            <button
              key={each}
              type="button"
              className="chip"
              aria-pressed={tool === each}
              onClick={() => {
                setTool(each);
              }}
            >
              {each === "out" ? "Leave out" : "Learn"}
            </button>
          ))}
        </div>
        <label className="size">
          <span className="sr-only">Brush size</span>
          <input
            type="range"
            min={2}
            max={50}
            value={percent}
            onChange={(event) => {
              setPercent(Number(event.target.value));
            }}
          />
        </label>
        <button type="button" className="button small quiet" disabled={undoable === 0} onClick={undo}>
          Undo
        </button>
        <button type="button" className="button small quiet" disabled={mask === null} onClick={clear}>
          Learn from all of it
        </button>
      </div>
      <Problems of={[finding]} />
    </>
  );
}

function clamped(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
