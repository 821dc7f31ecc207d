// The arithmetic of a grid of cards. Pure.

const CARD_MIN = 190;
const GAP = 19;
const PHONE = 600;

/** How many cards stand side by side in a list of this width, in pixels. */
export function columnsFor(width: number): number {
  if (width < PHONE) return 2;
  return Math.max(2, Math.floor((width + GAP) / (CARD_MIN + GAP)));
}

/** The card to which a key leads from another one; null for another key, or where there is no card. */
export function nextCard(key: string, from: number, count: number, columns: number): number | null {
  const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const by = steps[key];
  if (by === undefined) return null;
  const to = from + by;
  if (to >= count && key === "ArrowDown" && Math.floor(from / columns) < Math.floor((count - 1) / columns)) return count - 1;
  return to >= 0 && to < count ? to : null;
}

/** The selection after a card was picked: that card in or out, or with `from` every card from there to it in. */
export function picked(
  concepts: readonly { id: string }[],
  selected: ReadonlySet<string>,
  index: number,
  from: number | null,
): ReadonlySet<string> {
  const id = concepts[index]?.id;
  if (id === undefined) return selected;
  const next = new Set(selected);
  if (from !== null) for (const { id: each } of concepts.slice(Math.min(from, index), Math.max(from, index) + 1)) next.add(each);
  else if (!next.delete(id)) next.add(id);
  return next;
}
