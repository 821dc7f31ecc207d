// The picture to start from, and a brush that paints its inpainting mask with a mouse, a finger or the keyboard.
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import { drawStrokes } from "./paint";
import { addressOf, marksAnything, storedSize, withStroke, type Mask, type Point, type Size, type Stroke } from "./initImage";

interface MaskBoardProps {
  source: string;
  mask: Mask | null;
  onMask: (mask: Mask | null) => void;
  onLost: () => void;
}

type Tool = "paint" | "erase";

export function MaskBoard({ source, mask, onMask, onLost }: MaskBoardProps) {
  const [size, setSize] = useState<Size | null>(null);
  const [tool, setTool] = useState<Tool>("paint");
  const [brushPercent, setBrushPercent] = useState(12); // of the shorter side, in percent
  const strokes = mask?.kind === "strokes" ? mask.strokes : [];

  function change(next: readonly Stroke[]) {
    if (size !== null) onMask(next.length === 0 ? null : { kind: "strokes", strokes: next, size });
  }

  return (
    <div className="board">
      <div className="easel">
        <img
          className="drawn"
          src={source}
          alt="The picture to start from"
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => {
            setSize(storedSize({ width: naturalWidth, height: naturalHeight }));
          }}
          onError={onLost}
        />
        {mask?.kind === "upload" && <img className="then" src={addressOf({ kind: "upload", id: mask.id })} alt="The mask of then" />}
        {size !== null && mask?.kind !== "upload" && (
          <MaskCanvas
            size={size}
            strokes={strokes}
            tool={tool}
            brush={Math.max(1, (Math.min(size.width, size.height) * brushPercent) / 100)}
            onStroke={(stroke) => {
              change(withStroke(strokes, stroke));
            }}
            onUndo={() => {
              change(strokes.slice(0, -1));
            }}
            onBrush={(step) => {
              setBrushPercent(Math.min(60, Math.max(2, brushPercent + step)));
            }}
          />
        )}
      </div>
      {mask?.kind === "upload" ? (
        <div className="row tools">
          <span className="small soft">The mask that was used then.</span>
          <button
            type="button"
            className="button small"
            onClick={() => {
              onMask(null);
            }}
          >
            Paint another
          </button>
        </div>
      ) : (
        <Tools
          tool={tool}
          brushPercent={brushPercent}
          undoable={strokes.length > 0}
          clearable={marksAnything(mask)}
          onTool={setTool}
          onBrushPercent={setBrushPercent}
          onUndo={() => {
            change(strokes.slice(0, -1));
          }}
          onAll={(kind) => {
            change(withStroke(strokes, { kind }));
          }}
        />
      )}
    </div>
  );
}

interface MaskCanvasProps {
  size: Size;
  strokes: readonly Stroke[];
  tool: Tool;
  brush: number;
  onStroke: (stroke: Stroke) => void;
  onUndo: () => void;
  onBrush: (step: number) => void;
}

const MOVES: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The transparent sheet over the picture that strokes are on. */
function MaskCanvas({ size, strokes, tool, brush, onStroke, onUndo, onBrush }: MaskCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stroke = useRef<Point[] | null>(null); // the stroke under the pointer
  const [cursor, setCursor] = useState<Point | null>(null);
  const { width, height } = size;

  useEffect(() => {
    if (canvas.current !== null) drawStrokes(canvas.current, strokes);
  }, [strokes, width, height]);

  function pointOf(event: { clientX: number; clientY: number }): Point {
    const box = canvas.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return { x: 0, y: 0 };
    return { x: ((event.clientX - box.left) / box.width) * width, y: ((event.clientY - box.top) / box.height) * height };
  }

  function show(points: readonly Point[]) {
    if (canvas.current !== null) drawStrokes(canvas.current, [...strokes, { kind: tool, size: brush, points }]);
  }

  function down(event: PointerEvent<HTMLCanvasElement>) {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    stroke.current = [pointOf(event)];
    show(stroke.current);
  }

  function move(event: PointerEvent<HTMLCanvasElement>) {
    if (event.pointerType !== "touch") setCursor(pointOf(event));
    if (stroke.current === null) return;
    const between = event.nativeEvent.getCoalescedEvents();
    stroke.current.push(...(between.length > 0 ? between : [event.nativeEvent]).map(pointOf));
    show(stroke.current);
  }

  function up() {
    if (stroke.current !== null) onStroke({ kind: tool, size: brush, points: stroke.current });
    stroke.current = null;
  }

  function press(event: KeyboardEvent) {
    const at = cursor ?? { x: width / 2, y: height / 2 };
    const direction = MOVES[event.key];
    if (direction !== undefined) {
      const step = brush / (event.shiftKey ? 8 : 2);
      const to = {
        x: Math.min(width, Math.max(0, at.x + direction[0] * step)),
        y: Math.min(height, Math.max(0, at.y + direction[1] * step)),
      };
      setCursor(to);
      if (event.altKey) onStroke({ kind: tool, size: brush, points: [at, to] });
    } else if (event.key === " " || event.key === "Enter") {
      setCursor(at);
      onStroke({ kind: tool, size: brush, points: [at] });
    } else if (event.key === "+" || event.key === "=") onBrush(2);
    else if (event.key === "-") onBrush(-2);
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
        aria-label="Mark what is drawn anew. Arrow keys move the brush, the space bar paints, Alt with an arrow paints a line, plus and minus change the size, Z undoes."
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={up}
        onPointerLeave={() => {
          if (stroke.current === null) setCursor(null);
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

interface ToolsProps {
  tool: Tool;
  brushPercent: number;
  undoable: boolean;
  clearable: boolean;
  onTool: (tool: Tool) => void;
  onBrushPercent: (brushPercent: number) => void;
  onUndo: () => void;
  onAll: (kind: "invert" | "clear") => void;
}

function Tools({ tool, brushPercent, undoable, clearable, onTool, onBrushPercent, onUndo, onAll }: ToolsProps) {
  return (
    <div className="row tools">
      <div className="chips" role="group" aria-label="Brush">
        {(["paint", "erase"] as const).map((each) => (
          <button
            key={each}
            type="button"
            className="chip"
            aria-pressed={tool === each}
            onClick={() => {
              onTool(each);
            }}
          >
            {each === "paint" ? "Mark" : "Erase"}
          </button>
        ))}
      </div>
      <label className="size">
        <span className="sr-only">Brush size</span>
        <input
          type="range"
          min={2}
          max={60}
          value={brushPercent}
          onChange={(event) => {
            onBrushPercent(Number(event.target.value));
          }}
        />
      </label>
      <button type="button" className="button small quiet" disabled={!undoable} onClick={onUndo}>
        Undo
      </button>
      <button
        type="button"
        className="button small quiet"
        onClick={() => {
          onAll("invert");
        }}
      >
        Invert
      </button>
      <button
        type="button"
        className="button small quiet"
        disabled={!clearable}
        onClick={() => {
          onAll("clear");
        }}
      >
        Clear
      </button>
    </div>
  );
}
