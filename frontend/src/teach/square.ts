// The square that is learned from: where it may be, and how it follows a finger, a wheel and a key. Pure: no page.

/** In pixels of the upright picture. `turn` is in degrees: the picture is turned clockwise by it about the middle. */
export interface Square {
  x: number;
  y: number;
  size: number;
  turn: number;
}

export interface Sides {
  width: number;
  height: number;
}

export const ZOOM_MAX = 8;
const SIZE_MIN = 32; // pixels; the studio refuses smaller squares

export function centred({ width, height }: Sides): Square {
  const size = Math.min(width, height);
  return { x: (width - size) / 2, y: (height - size) / 2, size, turn: 0 };
}

/** The side of the upright box around a square of side 1. */
function spread(turn: number): number {
  const angle = (turn * Math.PI) / 180;
  return Math.abs(Math.cos(angle)) + Math.abs(Math.sin(angle));
}

/** The largest square that fits into the picture, turned so. */
export function largest(sides: Sides, turn: number): number {
  return Math.min(sides.width, sides.height) / spread(turn);
}

/** The nearest square that is wholly inside of the picture. */
export function inside(square: Square, sides: Sides): Square {
  const most = largest(sides, square.turn);
  const size = Math.min(most, Math.max(square.size, most / ZOOM_MAX, Math.min(SIZE_MIN, most)));
  const reach = (size * spread(square.turn)) / 2;
  const x = Math.min(Math.max(square.x + square.size / 2, reach), sides.width - reach);
  const y = Math.min(Math.max(square.y + square.size / 2, reach), sides.height - reach);
  return { x: x - size / 2, y: y - size / 2, size, turn: square.turn };
}

/** Moves the picture under the square: right and down by parts of the square's side. */
export function moved(square: Square, right: number, down: number, sides: Sides): Square {
  const angle = (-square.turn * Math.PI) / 180;
  const dx = right * Math.cos(angle) - down * Math.sin(angle);
  const dy = right * Math.sin(angle) + down * Math.cos(angle);
  return inside({ ...square, x: square.x - dx * square.size, y: square.y - dy * square.size }, sides);
}

/** The same middle with another side. */
export function sized(square: Square, size: number, sides: Sides): Square {
  const change = (square.size - size) / 2;
  return inside({ ...square, x: square.x + change, y: square.y + change, size }, sides);
}

/** The same middle, turned; the zoom stays, as far as there is room. */
export function turned(square: Square, turn: number, sides: Sides): Square {
  const zoom = zoomOf(square, sides);
  const whole = ((((turn + 180) % 360) + 360) % 360) - 180;
  return sized({ ...square, turn: whole }, largest(sides, whole) / zoom, sides);
}

/** How many times the square is enlarged, 1 to ZOOM_MAX. */
export function zoomOf(square: Square, sides: Sides): number {
  return largest(sides, square.turn) / square.size;
}

/** Whether it is the square in the middle, which needs no mention. */
export function isCentred(square: Square, sides: Sides): boolean {
  const plain = centred(sides);
  return square.turn === 0 && Math.abs(square.size - plain.size) < 1 && Math.abs(square.x - plain.x) < 1 && Math.abs(square.y - plain.y) < 1;
}

/** How the whole picture lies in a frame that shows the square: CSS of the picture. */
export function laidOut({ x, y, size, turn }: Square, { width, height }: Sides) {
  return {
    width: `${(100 * width) / size}%`,
    height: `${(100 * height) / size}%`,
    transform: `rotate(${turn}deg) translate(${(-100 * (x + size / 2)) / width}%, ${(-100 * (y + size / 2)) / height}%)`,
  };
}

/** The square as the studio takes it: to a tenth of a pixel. */
export function rounded({ x, y, size, turn }: Square): Square {
  const tenth = (value: number) => Math.round(value * 10) / 10;
  return { x: tenth(x), y: tenth(y), size: tenth(size), turn: tenth(turn) };
}
