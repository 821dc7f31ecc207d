// How much of a picture a board shows: zoom and pan. Pure. Lengths are CSS pixels of the board.
import type { Point, Size } from "./initImage";

/** The sheet is drawn `scale` times as large, with its upper left corner at (x, y) of the board. */
export interface BoardView {
  scale: number;
  x: number;
  y: number;
}

export const WHOLE: BoardView = { scale: 1, x: 0, y: 0 };
const SCALE_MAX = 12;

/** The view after zooming by a factor around a point of the board, which stays where it is. */
export function zoomed(view: BoardView, factor: number, at: Point, board: Size): BoardView {
  const scale = Math.min(SCALE_MAX, Math.max(1, view.scale * factor));
  const by = scale / view.scale;
  return within({ scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by }, board);
}

export function panned(view: BoardView, by: Point, board: Size): BoardView {
  return within({ ...view, x: view.x + by.x, y: view.y + by.y }, board);
}

/** The view that shows a point of the sheet, given as fractions of its sides; the same one if it does already. */
export function showing(view: BoardView, { x, y }: Point, board: Size): BoardView {
  const onBoard = { x: view.x + x * board.width * view.scale, y: view.y + y * board.height * view.scale };
  const inside = onBoard.x >= 0 && onBoard.x <= board.width && onBoard.y >= 0 && onBoard.y <= board.height;
  return inside ? view : panned(view, { x: board.width / 2 - onBoard.x, y: board.height / 2 - onBoard.y }, board);
}

/** The sheet always covers the board. */
function within({ scale, x, y }: BoardView, { width, height }: Size): BoardView {
  return { scale, x: Math.min(0, Math.max(width * (1 - scale), x)), y: Math.min(0, Math.max(height * (1 - scale), y)) };
}
