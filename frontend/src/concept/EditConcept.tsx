// Renaming, describing and tagging a word.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { problemOf } from "../api/problem";
import { queryClient } from "../api/queries";
import type { Concept } from "../api/types";
import { faultOf, tagsIn } from "../teach/trainingValues";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";

export function EditConcept({ concept }: { concept: Concept }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="button"
        onClick={() => {
          setOpen(true);
        }}
      >
        Rename
      </button>
      {open && (
        <EditDialog
          concept={concept}
          onClose={() => {
            setOpen(false);
          }}
        />
      )}
    </>
  );
}

function EditDialog({ concept, onClose }: { concept: Concept; onClose: () => void }) {
  const [name, setName] = useState(concept.name);
  const [placeholder, setPlaceholder] = useState(concept.placeholder);
  const [description, setDescription] = useState(concept.description);
  const [tags, setTags] = useState(concept.tags.join(", "));
  const save = useMutation({
    mutationFn: () =>
      answer(
        api.PATCH("/api/concepts/{concept_id}", {
          params: { path: { concept_id: concept.id } },
          body: { name: name.trim(), placeholder, description: description.trim(), tags: tagsIn(tags) },
        }),
      ),
    onSuccess: () => {
      onClose();
      return queryClient.invalidateQueries({ queryKey: ["concepts"] });
    },
  });
  const problem = save.isError ? problemOf(save.error) : null;
  return (
    <Dialog label="Rename" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Field label="What do you call it?">
          {(control) => (
            <input
              {...control}
              maxLength={100}
              value={name}
              onChange={(event) => {
                setName(event.target.value);
              }}
            />
          )}
        </Field>
        <Field
          label="The word itself"
          hint={placeholder === concept.placeholder ? undefined : "Prompts that were written before keep the old word."}
          fault={faultOf(problem, "placeholder")}
          suggestions={problem?.suggestions}
          onSuggestion={setPlaceholder}
        >
          {(control) => (
            <input
              {...control}
              className="mono"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              value={placeholder}
              onChange={(event) => {
                setPlaceholder(event.target.value);
                save.reset();
              }}
            />
          )}
        </Field>
        <Field label="Description">
          {(control) => (
            <textarea
              {...control}
              rows={3}
              value={description}
              onChange={(event) => {
                setDescription(event.target.value);
              }}
            />
          )}
        </Field>
        <Field label="Tags" hint="Separated by commas.">
          {(control) => (
            <input
              {...control}
              value={tags}
              onChange={(event) => {
                setTags(event.target.value);
              }}
            />
          )}
        </Field>
        {problem && problem.field !== "placeholder" && <ProblemNotice error={save.error} />}
        <div className="row">
          <button className="button primary" disabled={name.trim() === "" || save.isPending}>
            Save
          </button>
          <button type="button" className="button quiet" onClick={onClose}>
            Leave it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
