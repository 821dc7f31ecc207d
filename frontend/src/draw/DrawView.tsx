// Drawing: a prompt, and below it everything that was drawn, newest first.
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearch } from "wouter";

import { answer, api } from "../api/client";
import { history, isBeingDrawn, queryClient } from "../api/queries";
import type { RecoveredRequest, DrawnImage } from "../api/types";
import { useArrival } from "../grids/useArrival";
import { emptyGrid, type GridValues } from "../grids/gridValues";
import { useMayChange } from "../session/currentUser";
import { QuotaWarning } from "../settings/QuotaWarning";
import { ProblemNotice, Problems } from "../ui/Notice";
import { valuesFromRequest, emptyGeneration, type GenerationValues } from "./generationValues";
import { GenerationRow } from "./GenerationRow";
import { Lightbox } from "./Lightbox";
import { RunningBar } from "./RunningBar";
import { GenerationForm, type RecoveredFrom } from "./GenerationForm";
import { submitGeneration } from "./submitGeneration";
import { initImageFrom } from "./initImage";
import { liveGenerationIds } from "./liveGenerations";

const VARIATION_STRENGTH = 0.5;

export function DrawView() {
  const mayDraw = useMayChange();
  const search = new URLSearchParams(useSearch());
  const [values, setValues] = useState<GenerationValues>({ ...emptyGeneration, prompt: search.get("prompt") ?? "" });
  const [shown, setShown] = useState<DrawnImage | null>(null);
  const drawn = useInfiniteQuery(history);
  const generations = drawn.data?.pages.flatMap((page) => page.items) ?? [];
  const liveIds = liveGenerationIds(generations);
  const [grid, setGrid] = useState<GridValues | null>(search.get("grid") === "new" ? emptyGrid : null);
  const [recovered, setRecovered] = useState<RecoveredFrom | null>(null);
  const submission = useMutation({
    mutationFn: submitGeneration,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["generations"] }),
  });
  // The service pins each concept that was trained again since to the version that the picture was drawn with.
  const recovery = useMutation({
    mutationFn: ({ image }: { image: Pick<DrawnImage, "id">; done: (again: RecoveredRequest) => void }) =>
      answer(api.GET("/api/images/{image_id}/order", { params: { path: { image_id: image.id } } })),
    onSuccess: (again, { done }) => {
      done(again);
    },
  });

  const arrival = useArrival(search, { grid: setGrid, prompt: (prompt) => { setValues({ ...emptyGeneration, prompt }); }, again, vary, edit });

  function show(next: GenerationValues, from: RecoveredFrom | null) {
    setValues(next);
    setRecovered(from);
    setShown(null);
    submission.reset();
    window.scrollTo({ top: 0, behavior: "smooth" });
  }

  function again(image: Pick<DrawnImage, "id">) {
    const done = (found: RecoveredRequest) => {
      show(valuesFromRequest(found.order, "the same"), { name: "the picture", notes: found.notes, file: null });
    };
    recovery.mutate({ image, done });
  }

  function vary(image: Pick<DrawnImage, "id">) {
    const done = (found: RecoveredRequest) => {
      setShown(null);
      submission.mutate(valuesFromRequest(found.order, "others"));
      window.scrollTo({ top: 0, behavior: "smooth" });
    };
    recovery.mutate({ image, done });
  }

  // A near seed draws an unrelated picture. Half-noised, the picture itself keeps its composition and changes in detail.
  function variations(image: DrawnImage) {
    const done = (found: RecoveredRequest) => {
      setShown(null);
      const initImage = { ...initImageFrom({ kind: "image", id: image.id }), strength: VARIATION_STRENGTH };
      submission.mutate({ ...valuesFromRequest(found.order, "others"), initImage });
      window.scrollTo({ top: 0, behavior: "smooth" });
    };
    recovery.mutate({ image, done });
  }

  function edit(image: Pick<DrawnImage, "id">) {
    show({ ...values, initImage: initImageFrom({ kind: "image", id: image.id }) }, null);
  }

  return (
    <>
      <div className="head">
        <h1>Draw</h1>
        <div className="row">
          <Link className="button quiet" href="/grids">
            Grids
          </Link>
          <Link className="button quiet" href="/history">
            History and boards
          </Link>
        </div>
      </div>
      <QuotaWarning of={["queued_jobs", "gpu_seconds", "storage_bytes"]} />
      {mayDraw && <GenerationForm values={values} recovered={recovered} grid={grid} onGrid={setGrid} submission={submission} onChange={setValues} onRecovered={setRecovered} />}
      {shown === null && <Problems of={[arrival, recovery]} />}
      {drawn.isError && <ProblemNotice error={drawn.error} />}
      {drawn.isSuccess && generations.length === 0 && (
        <p className="soft">
          Nothing was drawn yet. Write a prompt with one of the words from the <Link href="/">library</Link>.
        </p>
      )}
      <div className="generations">
        {generations.map((generation) => (
          <GenerationRow key={generation.id} generation={generation} live={liveIds.has(generation.id)} onOpen={setShown} />
        ))}
      </div>
      {drawn.hasNextPage && (
        <p className="more">
          <button type="button" className="button" disabled={drawn.isFetchingNextPage} onClick={() => void drawn.fetchNextPage()}>
            Show earlier ones
          </button>
        </p>
      )}
      <RunningBar
        drawings={generations
          .filter((each) => isBeingDrawn(each) && each.may_change)
          .map(({ job_id, prompt }) => ({ jobId: job_id, prompt }))}
      />
      {shown && (
        <Lightbox
          images={generations.flatMap((generation) => generation.images)}
          shown={shown}
          mayDraw={mayDraw}
          mayLetGo={generations.some((each) => each.may_change && each.images.some((image) => image.id === shown.id))}
          problem={<Problems of={[recovery]} />}
          onShow={(image) => {
            recovery.reset();
            setShown(image);
          }}
          onClose={() => {
            recovery.reset();
            setShown(null);
          }}
          onAgain={again}
          onVary={vary}
          onEdit={edit}
          onVariations={variations}
        />
      )}
    </>
  );
}
