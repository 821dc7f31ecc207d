// Drawing: a prompt, and below it everything that was drawn, newest first.
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearch } from "wouter";

import { answer, api } from "../api/client";
import { history, queryClient } from "../api/queries";
import type { Again, DrawnImage } from "../api/types";
import { useMayChange } from "../session/signedIn";
import { NearLimit } from "../settings/NearLimit";
import { ProblemNotice } from "../ui/Notice";
import { draftOf, emptyDraft, type Draft } from "./draft";
import { GenerationRow } from "./GenerationRow";
import { Lightbox } from "./Lightbox";
import { OrderForm, type Filled } from "./OrderForm";
import { sendDraft } from "./request";
import { startFrom } from "./start";
import { watched } from "./watched";

export function DrawView() {
  const mayDraw = useMayChange();
  const search = new URLSearchParams(useSearch());
  const [draft, setDraft] = useState<Draft>({ ...emptyDraft, prompt: search.get("prompt") ?? "" });
  const [shown, setShown] = useState<DrawnImage | null>(null);
  const drawn = useInfiniteQuery(history);
  const generations = drawn.data?.pages.flatMap((page) => page.items) ?? [];
  const listened = watched(generations);
  const [filled, setFilled] = useState<Filled | null>(null);
  const order = useMutation({
    mutationFn: sendDraft,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["generations"] }),
  });
  // Words that were taught again since are pinned by the studio to the versions that the picture was drawn with.
  const remembered = useMutation({
    mutationFn: ({ image }: { image: DrawnImage; done: (again: Again) => void }) =>
      answer(api.GET("/api/images/{image_id}/order", { params: { path: { image_id: image.id } } })),
    onSuccess: (again, { done }) => {
      done(again);
    },
  });

  function show(next: Draft, from: Filled | null) {
    setDraft(next);
    setFilled(from);
    setShown(null);
    order.reset();
    window.scrollTo({ top: 0, behavior: "smooth" });
  }

  function again(image: DrawnImage) {
    const done = (found: Again) => {
      show(draftOf(found.order, "the same"), { name: "the picture", notes: found.notes, file: null });
    };
    remembered.mutate({ image, done });
  }

  function vary(image: DrawnImage) {
    const done = (found: Again) => {
      setShown(null);
      order.mutate(draftOf(found.order, "others"));
      window.scrollTo({ top: 0, behavior: "smooth" });
    };
    remembered.mutate({ image, done });
  }

  function edit(image: DrawnImage) {
    show({ ...draft, start: startFrom({ kind: "image", id: image.id }) }, null);
  }

  return (
    <>
      <div className="head">
        <h1>Draw</h1>
      </div>
      <NearLimit of={["queued_jobs", "gpu_seconds", "storage_bytes"]} />
      {mayDraw && <OrderForm draft={draft} filled={filled} order={order} onChange={setDraft} onFilled={setFilled} />}
      {remembered.isError && <ProblemNotice error={remembered.error} />}
      {drawn.isError && <ProblemNotice error={drawn.error} />}
      {drawn.isSuccess && generations.length === 0 && (
        <p className="soft">
          Nothing was drawn yet. Write a prompt with one of the words from the <Link href="/">library</Link>.
        </p>
      )}
      <div className="generations">
        {generations.map((generation) => (
          <GenerationRow key={generation.id} generation={generation} watched={listened.has(generation.id)} onOpen={setShown} />
        ))}
      </div>
      {drawn.hasNextPage && (
        <p className="more">
          <button type="button" className="button" disabled={drawn.isFetchingNextPage} onClick={() => void drawn.fetchNextPage()}>
            Show earlier ones
          </button>
        </p>
      )}
      {shown && (
        <Lightbox
          images={generations.flatMap((generation) => generation.images)}
          shown={shown}
          mayDraw={mayDraw}
          onShow={setShown}
          onClose={() => {
            setShown(null);
          }}
          onAgain={again}
          onVary={vary}
          onEdit={edit}
        />
      )}
    </>
  );
}
