// The picture to start from, on a board that zooms and moves, and the tools that mark its inpainting mask.
import { useEffect, useRef, useState } from "react";

import { BoardTools, type Tool } from "./BoardTools";
import { panned, showing, WHOLE, zoomed, type BoardView } from "./boardView";
import { addressOf, marksAnything, storedSize, withStroke, type Mask, type Point, type Size, type Stroke } from "./initImage";
import { MaskCanvas } from "./MaskCanvas";

interface MaskBoardProps {
  source: string;
  mask: Mask | null;
  onMask: (mask: Mask | null) => void;
  onLost: () => void;
}

const WHEEL_STEP = 0.002; // of zoom for a pixel of the wheel

export function MaskBoard({ source, mask, onMask, onLost }: MaskBoardProps) {
  const easel = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size | null>(null);
  const [tool, setTool] = useState<Tool>("paint");
  const [brushPercent, setBrushPercent] = useState(12); // of the shorter side of what is shown, in percent
  const [view, setView] = useState<BoardView>(WHOLE);
  const strokes = mask?.kind === "strokes" ? mask.strokes : [];

  function change(next: readonly Stroke[]) {
    if (size !== null) onMask(next.length === 0 ? null : { kind: "strokes", strokes: next, size });
  }

  function boardSize(): Size {
    const box = easel.current?.getBoundingClientRect();
    return { width: box?.width ?? 0, height: box?.height ?? 0 };
  }

  /** Zooms around a point of the window; without one, around the middle. */
  function zoom(factor: number, at: Point | null) {
    const box = easel.current?.getBoundingClientRect();
    if (box === undefined) return;
    const middle = { x: box.width / 2, y: box.height / 2 };
    const point = at === null ? middle : { x: at.x - box.left, y: at.y - box.top };
    setView((before) => zoomed(before, factor, point, box));
  }

  function pan(by: Point) {
    setView((before) => panned(before, by, boardSize()));
  }

  const scale = view.scale;
  useEffect(() => {
    const board = easel.current;
    if (board === null) return;
    // React listens to the wheel passively, so the page would scroll too.
    function turn(event: WheelEvent) {
      const box = board?.getBoundingClientRect();
      if (box === undefined) return;
      if (event.ctrlKey || event.metaKey) {
        const at = { x: event.clientX - box.left, y: event.clientY - box.top };
        setView((before) => zoomed(before, Math.exp(-event.deltaY * WHEEL_STEP * (event.deltaMode === 1 ? 16 : 1)), at, box));
      } else if (scale > 1) setView((before) => panned(before, { x: -event.deltaX, y: -event.deltaY }, box));
      else return;
      event.preventDefault();
    }
    board.addEventListener("wheel", turn, { passive: false });
    return () => {
      board.removeEventListener("wheel", turn);
    };
  }, [scale]);

  return (
    <div className="board">
      <div className="easel" ref={easel}>
        <div className="on-easel" style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }}>
          <img
            className="drawn"
            src={source}
            alt="The picture to start from"
            draggable={false}
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
              brush={Math.max(1, (Math.min(size.width, size.height) * brushPercent) / 100 / view.scale)}
              onStroke={(stroke) => {
                change(withStroke(strokes, stroke));
              }}
              onUndo={() => {
                change(strokes.slice(0, -1));
              }}
              onBrush={(step) => {
                setBrushPercent(Math.min(60, Math.max(2, brushPercent + step)));
              }}
              onZoom={zoom}
              onPan={pan}
              onShow={(point) => {
                const part = { x: point.x / size.width, y: point.y / size.height };
                setView((before) => showing(before, part, boardSize()));
              }}
            />
          )}
        </div>
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
        <BoardTools
          tool={tool}
          brushPercent={brushPercent}
          scale={view.scale}
          undoable={strokes.length > 0}
          clearable={marksAnything(mask)}
          onTool={setTool}
          onBrushPercent={setBrushPercent}
          onZoom={(factor) => {
            zoom(factor, null);
          }}
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
