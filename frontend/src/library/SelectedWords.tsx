// What can be done with the selected words. It floats at the foot of the page.
import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";

import { queryClient } from "../api/queries";
import type { Concept } from "../api/types";
import { refreshLibrary } from "../bin/refreshLibrary";
import { offerUndo } from "../bin/undo";
import { Icon } from "../ui/Icon";
import { Problems } from "../ui/Notice";
import { tagsIn } from "../ui/tags";
import { AT_ONCE, changeTags, deleteConcepts, zipAddress } from "./selection";

interface SelectedWordsProps {
  chosen: readonly Concept[];
  mayChange: boolean;
  onClear: () => void;
}

export function SelectedWords({ chosen, mayChange, onClear }: SelectedWordsProps) {
  const ids = chosen.map(({ id }) => id);
  const name = useId();
  const [tags, setTags] = useState("");
  const tagging = useMutation({
    mutationFn: (change: { add?: string[]; remove?: string[] }) => changeTags(ids, change),
    onSuccess: () => {
      setTags("");
      return queryClient.invalidateQueries({ queryKey: ["concepts"] });
    },
  });
  const deletion = useMutation({
    mutationFn: () => deleteConcepts(ids),
    onSuccess: (gone) => {
      const [first = ""] = gone;
      const label = gone.length === 1 ? (chosen[0]?.placeholder ?? "") : `${gone.length} words`;
      offerUndo({ id: first, ids: gone, kind: "concept", label });
      onClear();
      return refreshLibrary();
    },
  });
  const others = chosen.filter((each) => !each.may_change).length;
  const whyNot =
    chosen.length > AT_ONCE
      ? `${AT_ONCE} at once, please.`
      : others > 0
        ? `${others === 1 ? "One of them belongs" : `${others} of them belong`} to somebody else.`
        : undefined;
  const unlearned = chosen.some((each) => each.current_version === null);
  const common = chosen[0]?.tags.filter((tag) => chosen.every((each) => each.tags.includes(tag))) ?? [];
  const wanted = tagsIn(tags);
  return (
    <div className="floating" role="region" aria-label="Selected words">
      <p role="status">
        <b>{chosen.length}</b> selected
      </p>
      <div className="row actions">
        {mayChange && (
          <form
            className="row tagging"
            onSubmit={(event) => {
              event.preventDefault();
              if (wanted.length > 0) tagging.mutate({ add: wanted });
            }}
          >
            <label className="sr-only" htmlFor={name}>
              Tags to add
            </label>
            <input
              id={name}
              value={tags}
              placeholder="Add a tag"
              maxLength={200}
              onChange={(event) => {
                setTags(event.target.value);
              }}
            />
            {wanted.length > 0 && (
              <button className="button small" disabled={tagging.isPending || whyNot !== undefined} title={whyNot}>
                Add
              </button>
            )}
          </form>
        )}
        {mayChange &&
          common.slice(0, 3).map((tag) => (
            <button
              key={tag}
              type="button"
              className="chip"
              disabled={tagging.isPending || whyNot !== undefined}
              aria-label={`Take the tag ${tag} off`}
              onClick={() => {
                tagging.mutate({ remove: [tag] });
              }}
            >
              #{tag} <Icon name="close" size={12} />
            </button>
          ))}
        {unlearned || chosen.length > AT_ONCE ? (
          <button
            type="button"
            className="button small"
            disabled
            title={unlearned ? "Words that are not learned yet have no file." : `A zip holds ${AT_ONCE}.`}
          >
            <Icon name="download" size={16} /> Download
          </button>
        ) : (
          <a className="button small" href={zipAddress(ids)} download>
            <Icon name="download" size={16} /> Download
          </a>
        )}
        {mayChange && (
          <button
            type="button"
            className="button small bad"
            disabled={deletion.isPending || whyNot !== undefined}
            title={whyNot}
            onClick={() => {
              deletion.mutate();
            }}
          >
            Delete
          </button>
        )}
        <button type="button" className="button small quiet" aria-label="Select nothing" onClick={onClear}>
          <Icon name="close" size={16} />
        </button>
      </div>
      <Problems of={[tagging, deletion]} />
    </div>
  );
}
