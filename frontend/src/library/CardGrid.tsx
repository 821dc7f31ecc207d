// The words as a grid of cards. Only the rows near the screen are in the document, however many words there are.
import { useWindowVirtualizer, defaultRangeExtractor, type Range } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";

import type { Concept, Job } from "../api/types";
import { ConceptCard } from "./ConceptCard";
import { columnsFor, nextCard, picked } from "./gridSteps";

const ROWS_AHEAD = 3;
const TEXT_HEIGHT = 60; // below a picture
const ROW_GAP = 26;
const COLUMN_GAP = { narrow: 13, wide: 19 };

interface CardGridProps {
  concepts: readonly Concept[];
  jobs: readonly Job[] | undefined;
  hasMore: boolean;
  /** The ids of the selected words, or null while words are opened and not selected. */
  selected: ReadonlySet<string> | null;
  onSelected: (ids: ReadonlySet<string>) => void;
  onNearEnd: () => void;
}

export function CardGrid({ concepts, jobs, hasMore, selected, onSelected, onNearEnd }: CardGridProps) {
  const list = useRef<HTMLUListElement>(null);
  const [place, setPlace] = useState({ width: 0, top: 0 });
  const anchor = useRef<number | null>(null); // the card that was selected last, where a range begins
  const [focused, setFocused] = useState<number | null>(null);
  const columns = columnsFor(place.width);
  const gap = columns === 2 ? COLUMN_GAP.narrow : COLUMN_GAP.wide;
  const cardWidth = Math.max(0, (place.width - gap * (columns - 1)) / columns);
  const rows = Math.ceil(concepts.length / columns);
  const rangeExtractor = useCallback(
    (range: Range) => {
      const shown = defaultRangeExtractor(range);
      // The card with the focus stays, or the keyboard would lose its place while the page scrolls.
      const row = focused === null ? -1 : Math.floor(focused / columns);
      return row < 0 || row >= rows || shown.includes(row) ? shown : [...shown, row].sort((a, b) => a - b);
    },
    [focused, columns, rows],
  );
  const virtual = useWindowVirtualizer({
    count: rows,
    estimateSize: () => cardWidth + TEXT_HEIGHT,
    gap: ROW_GAP,
    overscan: ROWS_AHEAD,
    scrollMargin: place.top,
    rangeExtractor,
  });

  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return;
    function look() {
      if (element === null) return;
      const { width, top } = element.getBoundingClientRect();
      setPlace((before) => {
        const now = { width, top: Math.round(top + window.scrollY) };
        return before.width === now.width && before.top === now.top ? before : now;
      });
    }
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    observer.observe(document.body);
    return () => {
      observer.disconnect();
    };
  }, []);

  useEffect(() => {
    virtual.measure();
  }, [virtual, cardWidth]);

  const items = virtual.getVirtualItems();
  const lastRow = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && lastRow >= rows - ROWS_AHEAD - 1) onNearEnd();
  }, [hasMore, lastRow, rows, onNearEnd]);

  function step(event: KeyboardEvent<HTMLUListElement>) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const from = indexOf(event.target);
    const to = from === null ? null : nextCard(event.key, from, concepts.length, columns);
    if (to === null) return;
    event.preventDefault();
    setFocused(to);
    virtual.scrollToIndex(Math.floor(to / columns), { align: "auto" });
    focusSoon(list.current, to);
  }

  return (
    <ul
      ref={list}
      className="card-grid"
      style={{ height: virtual.getTotalSize() }}
      onKeyDown={step}
      onFocus={(event) => {
        setFocused(indexOf(event.target));
      }}
      onBlur={() => {
        setFocused(null);
      }}
    >
      {items.flatMap((row) =>
        concepts.slice(row.index * columns, (row.index + 1) * columns).map((concept, column) => {
          const index = row.index * columns + column;
          return (
            <li
              key={concept.id}
              data-card={index}
              aria-setsize={hasMore ? -1 : concepts.length}
              aria-posinset={index + 1}
              style={{ width: cardWidth, transform: `translate(${column * (cardWidth + gap)}px, ${row.start - place.top}px)` }}
            >
              <ConceptCard concept={concept} job={jobs?.find((job) => job.id === concept.training_job)} width={cardWidth} />
              {selected !== null && (
                <label className="selecting">
                  <input
                    type="checkbox"
                    checked={selected.has(concept.id)}
                    aria-label={concept.placeholder}
                    onChange={(event) => {
                      const shift = event.nativeEvent instanceof MouseEvent && event.nativeEvent.shiftKey;
                      onSelected(picked(concepts, selected, index, shift ? anchor.current : null));
                      anchor.current = index;
                    }}
                  />
                </label>
              )}
            </li>
          );
        }),
      )}
    </ul>
  );
}

function indexOf(target: EventTarget): number | null {
  const card = target instanceof Element ? target.closest<HTMLElement>("[data-card]") : null;
  return card === null ? null : Number(card.getAttribute("data-card"));
}

/** Focuses a card as soon as its row is in the document. */
function focusSoon(list: HTMLElement | null, index: number, tries = 20) {
  const link = list?.querySelector<HTMLElement>(`[data-card="${index}"] :is(input, a)`);
  if (link) link.focus({ preventScroll: true });
  else if (tries > 0)
    requestAnimationFrame(() => {
      focusSoon(list, index, tries - 1);
    });
}
