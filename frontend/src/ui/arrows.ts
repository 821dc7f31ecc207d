// Arrow keys between the links and buttons of a list, by where they are on the screen: a list may be one row on a phone
// and a table on a desk. A list takes part by the attribute `data-arrows`.

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const DIRECTIONS: Record<string, readonly [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The index of the box that is next to `from` in the direction of an arrow key; -1 if there is none. */
export function nextInDirection(key: string, from: Box, boxes: readonly Box[]): number {
  const direction = DIRECTIONS[key];
  if (direction === undefined) return -1;
  const [x, y] = direction;
  let best = -1;
  let least = Infinity;
  for (const [place, box] of boxes.entries()) {
    const across = centre(box)[0] - centre(from)[0];
    const down = centre(box)[1] - centre(from)[1];
    const ahead = across * x + down * y;
    const aside = Math.abs(across * y) + Math.abs(down * x);
    // Half a box ahead at least: rows of boxes with different heights are not exactly level.
    if (ahead < (x === 0 ? from.height : from.width) / 2) continue;
    const distance = ahead + 3 * aside;
    if (distance < least) [best, least] = [place, distance];
  }
  return best;
}

function centre({ left, top, width, height }: Box): [number, number] {
  return [left + width / 2, top + height / 2];
}

/** Moves the focus inside the list that has it. Returns whether it moved. */
export function moveFocus(key: string): boolean {
  const focused = document.activeElement;
  const list = focused?.closest("[data-arrows]");
  if (!(focused instanceof HTMLElement) || !list || focused.matches("input, textarea, select")) return false;
  const others = [...list.querySelectorAll<HTMLElement>("a[href], button:not(:disabled)")].filter((each) => each !== focused);
  const next = others[nextInDirection(key, focused.getBoundingClientRect(), others.map((each) => each.getBoundingClientRect()))];
  next?.focus();
  return next !== undefined;
}
