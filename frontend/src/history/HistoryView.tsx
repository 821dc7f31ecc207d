// Everything that was drawn, as a dense sheet of pictures: to search, to select, to collect on boards.
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";

import { refreshLibrary } from "../bin/refreshLibrary";
import { offerUndo } from "../bin/undo";
import { Lightbox } from "../draw/Lightbox";
import { RunningBar } from "../draw/RunningBar";
import { useMayChange, useMe } from "../session/currentUser";
import { ProblemNotice, Problems } from "../ui/Notice";
import { AddToBoard } from "./AddToBoard";
import { BoardHead, BoardShelf } from "./Boards";
import { CompareDialog } from "./CompareDialog";
import { boards as boardsQuery, deleteImages, drawingJobs, gallery, type GalleryImage } from "./gallery";
import { everything, filterFrom, historyAddress, isNarrowed, type GalleryFilter } from "./galleryFilter";
import { GalleryFilters } from "./GalleryFilters";
import { GallerySheet } from "./GallerySheet";
import { SelectionBar } from "./SelectionBar";

export function HistoryView() {
  const mayDraw = useMayChange();
  const search = useSearch();
  const [, navigate] = useLocation();
  const filter = filterFrom(search);
  const asked = useInfiniteQuery(gallery(filter));
  const boards = useQuery(boardsQuery);
  const board = boards.data?.find(({ id }) => id === filter.board);
  const pictures = asked.data?.pages.flatMap((page) => page.items) ?? [];
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [shown, setShown] = useState<GalleryImage | null>(null);
  const [collecting, setCollecting] = useState<readonly string[] | null>(null);
  const [comparing, setComparing] = useState<readonly GalleryImage[] | null>(null);
  const chosen = pictures.filter(({ id }) => selected.has(id));
  const remove = useMutation({
    mutationFn: (ids: readonly string[]) => deleteImages(ids),
    onSuccess: (items, ids) => {
      setSelected(new Set());
      setShown(null);
      const [first = ""] = items;
      if (items.length > 0) offerUndo({ id: first, ids: items, kind: "image", label: ids.length === 1 ? "a picture" : `${ids.length} pictures` });
      return refreshLibrary();
    },
  });

  function look(next: GalleryFilter) {
    setSelected(new Set());
    navigate(historyAddress(next), { replace: true });
  }

  return (
    <>
      <div className="head">
        <h1>History</h1>
        <div className="row">
          <Link className="button quiet" href="/bin">
            Bin
          </Link>
          {mayDraw && (
            <Link className="button primary" href="/draw">
              Draw
            </Link>
          )}
        </div>
      </div>
      <BoardShelf boards={boards.data ?? []} chosen={filter.board} mayDraw={mayDraw} onChoose={(id) => { look({ ...filter, board: id }); }} />
      {board && <BoardHead key={board.id} board={board} onGone={() => { look({ ...filter, board: null }); }} />}
      <GalleryFilters filter={filter} onChange={look} />
      {asked.isError && <ProblemNotice error={asked.error} />}
      <Problems of={[boards, remove]} />
      {asked.isSuccess && pictures.length === 0 && <Nothing filter={filter} onAll={() => { look(everything); }} />}
      {asked.isPending && <div className="gallery" aria-hidden="true">{Array.from({ length: 18 }, (_, index) => <div key={index} className="gallery-tile waiting" />)}</div>}
      <GallerySheet
        pictures={pictures}
        selected={selected}
        onSelected={setSelected}
        onOpen={setShown}
        onDelete={() => {
          if (mayDraw && chosen.length > 0 && chosen.every((each) => each.may_change)) remove.mutate(chosen.map(({ id }) => id));
        }}
      />
      {asked.hasNextPage && <More key={pictures.length} pending={asked.isFetchingNextPage} onMore={() => void asked.fetchNextPage()} />}
      {chosen.length > 0 && (
        <SelectionBar
          chosen={chosen}
          board={board ?? null}
          mayDraw={mayDraw}
          deleting={remove.isPending}
          onClear={() => { setSelected(new Set()); }}
          onCompare={() => { setComparing(chosen); }}
          onCollect={() => { setCollecting(chosen.map(({ id }) => id)); }}
          onDelete={() => { remove.mutate(chosen.map(({ id }) => id)); }}
        />
      )}
      {chosen.length === 0 && <Running />}
      {collecting && <AddToBoard images={pictures.filter(({ id }) => collecting.includes(id))} boards={boards.data ?? []} onClose={() => { setCollecting(null); }} />}
      {comparing && <CompareDialog pictures={comparing} onClose={() => { setComparing(null); }} />}
      {shown && (
        <Lightbox
          images={pictures}
          shown={shown}
          mayDraw={mayDraw}
          mayLetGo={shown.may_change}
          problem={<Problems of={[remove]} />}
          onShow={(image) => { setShown(pictures.find(({ id }) => id === image.id) ?? null); }}
          onClose={() => { setShown(null); }}
          onAgain={(image) => { navigate(`/draw?again=${image.id}`); }}
          onVary={(image) => { navigate(`/draw?vary=${image.id}`); }}
          onEdit={(image) => { navigate(`/draw?edit=${image.id}`); }}
        >
          {mayDraw && <button type="button" className="button quiet" onClick={() => { setCollecting([shown.id]); }}>Add to a board</button>}
          {mayDraw && shown.may_change && (
            <button type="button" className="button quiet bad" disabled={remove.isPending} onClick={() => { remove.mutate([shown.id]); }}>
              Delete
            </button>
          )}
        </Lightbox>
      )}
    </>
  );
}

function Nothing({ filter, onAll }: { filter: GalleryFilter; onAll: () => void }) {
  if (filter.board !== null && !isNarrowed(filter)) {
    return <p className="soft" role="status">Nothing is on this board yet. Select pictures in the history and add them.</p>;
  }
  if (historyAddress(filter) === "/history") {
    return (
      <p className="soft" role="status">
        Nothing was drawn yet. <Link href="/draw">Draw something</Link>
      </p>
    );
  }
  return (
    <p className="soft" role="status">
      No picture fits.{" "}
      <button type="button" className="link" onClick={onAll}>
        Show all
      </button>
    </p>
  );
}

/** Loads earlier pictures as soon as the end of the sheet comes near; the button is for keyboards. */
function More({ pending, onMore }: { pending: boolean; onMore: () => void }) {
  const end = useRef<HTMLParagraphElement>(null);
  const more = useRef(onMore);
  useEffect(() => {
    more.current = onMore;
  });
  useEffect(() => {
    if (end.current === null || typeof IntersectionObserver === "undefined") return;
    const watch = new IntersectionObserver((entries) => { if (entries.some((each) => each.isIntersecting)) more.current(); }, { rootMargin: "600px" });
    watch.observe(end.current);
    return () => { watch.disconnect(); };
  }, []);
  return (
    <p className="more" ref={end}>
      <button type="button" className="button" disabled={pending} onClick={onMore}>
        Show earlier ones
      </button>
    </p>
  );
}

/** What is being drawn now, with the way to stop it. */
function Running() {
  const { user, role } = useMe();
  const asked = useQuery(drawingJobs);
  const jobs = (asked.data ?? []).filter((job) => role === "admin" || job.created_by.id === user.id);
  return (
    <>
      <RunningBar drawings={jobs.map(({ id, title }) => ({ jobId: id, prompt: title }))} />
      <Problems of={[asked]} />
    </>
  );
}
