// What was deleted and can still be restored: who deleted it, when, and how long it stays.
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { answer, api } from "../api/client";
import { bin } from "../api/queries";
import type { BinItem } from "../api/types";
import { useMe } from "../session/currentUser";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { ProblemNotice } from "../ui/Notice";
import { Prompt } from "../ui/Placeholder";
import { RelativeTime } from "../ui/RelativeTime";
import { daysLeft } from "../ui/time";
import { refreshLibrary } from "./refreshLibrary";
import { RestoreItem } from "./RestoreItem";

const KINDS: Record<BinItem["kind"], string> = { concept: "Word", generation: "Drawing", image: "One picture", board: "Board" };

const CONSEQUENCES: Record<BinItem["kind"], string> = {
  concept: "The word, its versions and the pictures it was taught from go at once, for the whole team. Pictures that were drawn with it stay.",
  generation: "The drawing and its pictures go at once, for the whole team.",
  image: "The picture goes at once, for the whole team.",
  board: "The board goes at once, for the whole team. The pictures that are on it stay.",
};

export function BinView() {
  const asked = useInfiniteQuery(bin);
  const { role } = useMe();
  const items = asked.data?.pages.flatMap((page) => page.items) ?? [];
  const days = asked.data?.pages[0]?.days;
  return (
    <>
      <div className="head">
        <div>
          <h1>Bin</h1>
          {days !== undefined && (
            <p>
              {days > 0
                ? `Deleted words, drawings and boards stay here for ${days} days. The person who made them can restore them, and administrators can.`
                : "This studio keeps no bin: what is deleted is gone at once."}
            </p>
          )}
        </div>
        {role === "admin" && items.length > 0 && <EmptyBin />}
      </div>
      {asked.isError && <ProblemNotice error={asked.error} />}
      {asked.isSuccess && items.length === 0 && (
        <p className="soft" role="status">
          The bin is empty. <Link href="/">Back to the library</Link>
        </p>
      )}
      {items.length > 0 && (
        <ul className="sheet queued binned" data-arrows aria-label="Deleted">
          {items.map((item) => (
            <Row key={item.id} item={item} />
          ))}
        </ul>
      )}
      {asked.hasNextPage && (
        <p className="more">
          <button type="button" className="button" disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
            Show more
          </button>
        </p>
      )}
    </>
  );
}

function Row({ item }: { item: BinItem }) {
  return (
    <li>
      <div className="what">
        <p className="title">
          <Prompt>{item.label}</Prompt>
        </p>
        <p className="small soft">
          {KINDS[item.kind]} of {item.owner.name} · deleted by {item.deleted_by.name},{" "}
          <RelativeTime time={item.deleted_at} /> · {daysLeft(item.expires_at, new Date())}
        </p>
      </div>
      {item.may_change && (
        <div className="row">
          <RestoreItem item={item} />
          <RemoveItem item={item} />
        </div>
      )}
    </li>
  );
}

function RemoveItem({ item }: { item: BinItem }) {
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE("/api/bin/{item_id}", { params: { path: { item_id: item.id } } })),
    onSuccess: refreshLibrary,
  });
  return (
    <>
      <button
        type="button"
        className="button small quiet bad"
        aria-label={`Delete for good: ${item.label}`}
        onClick={() => {
          setAsking(true);
        }}
      >
        Delete for good
      </button>
      {asking && (
        <ConfirmDialog
          label="Delete for good"
          question="Delete it for good?"
          confirm="Delete for good"
          keep="Leave it in the bin"
          action={remove}
          onClose={() => {
            setAsking(false);
          }}
        >
          {CONSEQUENCES[item.kind]} Nobody can bring it back.
        </ConfirmDialog>
      )}
    </>
  );
}

function EmptyBin() {
  const [asking, setAsking] = useState(false);
  const empty = useMutation({
    mutationFn: () => answer(api.DELETE("/api/bin")),
    onSuccess: () => {
      setAsking(false);
      return refreshLibrary();
    },
  });
  return (
    <>
      <button
        type="button"
        className="button quiet bad"
        onClick={() => {
          setAsking(true);
        }}
      >
        Empty the bin
      </button>
      {asking && (
        <ConfirmDialog
          label="Empty the bin"
          question="Empty the bin of the whole team?"
          confirm="Empty it"
          keep="Keep everything"
          action={empty}
          onClose={() => {
            setAsking(false);
          }}
        >
          Everything in it is deleted at once, also what other people made. It cannot be restored.
        </ConfirmDialog>
      )}
    </>
  );
}
