// Drawing: a prompt, and below it everything that was drawn, newest first.
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearch } from "wouter";

import { answer, api } from "../api/client";
import { problemOf } from "../api/problem";
import { baseModels, history, queryClient, words } from "../api/queries";
import { recipeOf, type DrawnImage } from "../api/types";
import { useMayChange, useMe } from "../session/signedIn";
import { NearLimit } from "../settings/NearLimit";
import { ProblemNotice } from "../ui/Notice";
import { draftOf, emptyDraft, orderOf, type Draft } from "./draft";
import { GenerationRow } from "./GenerationRow";
import { Lightbox } from "./Lightbox";
import { OrderFields } from "./OrderFields";
import { PromptBox } from "./PromptBox";

const COUNTS = [1, 2, 4, 8];
const FIELDS = ["prompt", "negative_prompt", "base_model", "seed", "steps", "guidance", "scheduler", "width", "height"];

export function DrawView() {
  const mayDraw = useMayChange();
  const search = new URLSearchParams(useSearch());
  const [draft, setDraft] = useState<Draft>({ ...emptyDraft, prompt: search.get("prompt") ?? "" });
  const [shown, setShown] = useState<DrawnImage | null>(null);
  const drawn = useInfiniteQuery(history);
  const generations = drawn.data?.pages.flatMap((page) => page.items) ?? [];
  const order = useMutation({
    mutationFn: (wanted: Draft) => answer(api.POST("/api/generations", { body: orderOf(wanted) })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["generations"] }),
  });

  function again(image: DrawnImage) {
    setDraft(draftOf(recipeOf(image), image.seed));
    setShown(null);
    window.scrollTo({ top: 0, behavior: "smooth" });
  }

  function vary(image: DrawnImage) {
    setShown(null);
    order.mutate(draftOf(recipeOf(image), null));
    window.scrollTo({ top: 0, behavior: "smooth" });
  }

  return (
    <>
      <div className="head">
        <h1>Draw</h1>
      </div>
      <NearLimit of={["queued_jobs", "gpu_seconds", "storage_bytes"]} />
      {mayDraw && <OrderForm draft={draft} onChange={setDraft} order={order} />}
      {drawn.isError && <ProblemNotice error={drawn.error} />}
      {drawn.isSuccess && generations.length === 0 && (
        <p className="soft">
          Nothing was drawn yet. Write a prompt with one of the words from the <Link href="/">library</Link>.
        </p>
      )}
      <div className="generations">
        {generations.map((generation) => (
          <GenerationRow key={generation.id} generation={generation} onOpen={setShown} />
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
        />
      )}
    </>
  );
}

interface OrderFormProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
  order: { mutate: (draft: Draft) => void; isPending: boolean; isError: boolean; error: unknown; reset: () => void };
}

function OrderForm({ draft, onChange, order }: OrderFormProps) {
  const { limits } = useMe();
  const { data: concepts } = useQuery(words);
  const { data: models } = useQuery(baseModels);
  const model = models?.find((each) => each.id === draft.baseModel) ?? models?.[0];
  const problem = order.isError ? problemOf(order.error) : null;
  const ready = draft.prompt.trim() !== "" && !order.isPending;

  function change(part: Partial<Draft>) {
    onChange({ ...draft, ...part });
    if (order.isError) order.reset();
  }

  function submit() {
    if (ready) order.mutate(draft);
  }

  return (
    <form
      className="order"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <PromptBox
        value={draft.prompt}
        concepts={concepts ?? []}
        fault={problem?.field === "prompt" ? problem.detail : undefined}
        onChange={(prompt) => {
          change({ prompt });
        }}
        onSubmit={submit}
      />
      <div className="row between">
        <div className="row">
          <button className="button primary large" disabled={!ready}>
            Draw
          </button>
          <div className="chips" role="group" aria-label="How many pictures">
            {COUNTS.filter((count) => count <= limits.count_max).map((count) => (
              <button
                key={count}
                type="button"
                className="chip"
                aria-pressed={draft.count === count}
                onClick={() => {
                  change({ count });
                }}
              >
                {count}
              </button>
            ))}
          </div>
          {draft.seed !== "" && (
            <button
              type="button"
              className="chip"
              onClick={() => {
                change({ seed: "" });
              }}
            >
              seed {draft.seed} ✕
            </button>
          )}
        </div>
      </div>
      <details open={FIELDS.slice(1).includes(problem?.field ?? "") || undefined}>
        <summary>More</summary>
        <OrderFields draft={draft} models={models ?? []} model={model} problem={problem} onChange={change} />
      </details>
      {problem && !FIELDS.includes(problem.field ?? "") && <ProblemNotice error={order.error} />}
    </form>
  );
}
