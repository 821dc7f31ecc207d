// The picture under a fixed square: it is dragged, zoomed and turned with a mouse, fingers or keys.
import { useEffect, useEffectEvent, useRef, type KeyboardEvent, type PointerEvent } from "react";

import { useObjectUrl } from "../ui/useObjectUrl";
import { centred, laidOut, largest, moved, sized, turned, zoomOf, ZOOM_MAX, type Sides, type Square } from "./square";

interface SquareBoardProps {
  url: string;
  sides: Sides;
  square: Square;
  mask: File | null;
  onChange: (square: Square) => void;
}

interface Finger {
  x: number;
  y: number;
}

const MOVES: Record<string, readonly [number, number]> = {
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

export function SquareBoard({ url, sides, square, mask, onChange }: SquareBoardProps) {
  const frame = useRef<HTMLDivElement>(null);
  const fingers = useRef(new Map<number, Finger>());
  const veil = useObjectUrl(mask);
  const layout = laidOut(square, sides);
  const quarters = Math.round(square.turn / 90) * 90;

  function zoomTo(zoom: number) {
    onChange(sized(square, largest(sides, square.turn) / Math.min(ZOOM_MAX, Math.max(1, zoom)), sides));
  }

  const wheel = useEffectEvent((event: WheelEvent) => {
    event.preventDefault(); // React listens passively, and the page would scroll
    zoomTo(zoomOf(square, sides) * Math.exp(-event.deltaY / 400));
  });
  useEffect(() => {
    const element = frame.current;
    const listen = (event: WheelEvent) => {
      wheel(event);
    };
    element?.addEventListener("wheel", listen, { passive: false });
    return () => element?.removeEventListener("wheel", listen);
  }, []);

  function down(event: PointerEvent<HTMLDivElement>) {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  function move(event: PointerEvent<HTMLDivElement>) {
    const before = fingers.current.get(event.pointerId);
    const width = frame.current?.clientWidth;
    if (before === undefined || !width) return;
    const here = { x: event.clientX, y: event.clientY };
    const others = [...fingers.current].filter(([id]) => id !== event.pointerId).map(([, finger]) => finger);
    const [other] = others;
    fingers.current.set(event.pointerId, here);
    if (other === undefined) {
      onChange(moved(square, (here.x - before.x) / width, (here.y - before.y) / width, sides));
      return;
    }
    const apart = Math.hypot(before.x - other.x, before.y - other.y);
    if (apart > 0) zoomTo((zoomOf(square, sides) * Math.hypot(here.x - other.x, here.y - other.y)) / apart);
  }

  function up(event: PointerEvent<HTMLDivElement>) {
    fingers.current.delete(event.pointerId);
  }

  function press(event: KeyboardEvent) {
    const direction = MOVES[event.key];
    const step = event.shiftKey ? 0.1 : 0.02;
    if (direction !== undefined) onChange(moved(square, direction[0] * step, direction[1] * step, sides));
    else if (event.key === "+" || event.key === "=") zoomTo(zoomOf(square, sides) * 1.1);
    else if (event.key === "-") zoomTo(zoomOf(square, sides) / 1.1);
    else if (event.key === "[" || event.key === "]") onChange(turned(square, square.turn + (event.key === "[" ? -1 : 1), sides));
    else return;
    event.preventDefault();
  }

  return (
    <>
      <div className="stage">
        <div
          ref={frame}
          className="frame-of-square"
          tabIndex={0}
          role="application"
          aria-label="The square that is learned from. Drag the picture, or use the arrow keys; plus and minus zoom, the square brackets turn."
          onPointerDown={down}
          onPointerMove={move}
          onPointerUp={up}
          onPointerCancel={up}
          onKeyDown={press}
        >
          <img src={url} alt="" style={layout} draggable={false} />
          {veil && <img className="veil" src={veil} alt="" style={layout} draggable={false} />}
          <span className="edge" />
        </div>
      </div>
      <div className="sliders">
        <label>
          Zoom
          <input
            type="range"
            min={0}
            max={1}
            step={0.001}
            value={Math.log(zoomOf(square, sides)) / Math.log(ZOOM_MAX)}
            aria-valuetext={`${zoomOf(square, sides).toFixed(1)} times`}
            onChange={(event) => {
              zoomTo(ZOOM_MAX ** Number(event.target.value));
            }}
          />
          <output>{zoomOf(square, sides).toFixed(1)}×</output>
        </label>
        <label>
          Turn
          <input
            type="range"
            min={-45}
            max={45}
            step={0.5}
            value={square.turn - quarters}
            aria-valuetext={`${Math.round(square.turn)} degrees`}
            onChange={(event) => {
              onChange(turned(square, quarters + Number(event.target.value), sides));
            }}
          />
          <output>{Math.round(square.turn)}°</output>
        </label>
      </div>
      <div className="row board-tools">
        <button
          type="button"
          className="button small"
          onClick={() => {
            onChange(turned(square, square.turn + 90, sides));
          }}
        >
          Quarter turn
        </button>
        <button
          type="button"
          className="button small quiet"
          onClick={() => {
            onChange(centred(sides));
          }}
        >
          Back to the middle
        </button>
      </div>
    </>
  );
}
