// Renaming, describing and tagging a word.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { constraints } from "../api/constraints";
import { queryClient } from "../api/queries";
import type { Concept } from "../api/types";
import { tagsIn } from "../ui/tags";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";

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

  /** Sets one value and clears the problem of the values before. */
  function changing(set: (text: string) => void) {
    return (text: string) => {
      set(text);
      if (save.isError) save.reset();
    };
  }

  return (
    <Dialog label="Rename" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <FormProblem error={save.error}>
          <Field label="What do you call it?" name="name">
            {(control) => (
              <input
                {...control}
                maxLength={constraints.ConceptPatch.name.maxLength}
                value={name}
                onChange={(event) => {
                  changing(setName)(event.target.value);
                }}
              />
            )}
          </Field>
          <Field
            label="The word itself"
            hint={placeholder === concept.placeholder ? undefined : "Prompts that were written before keep the old word."}
            name="placeholder"
            onSuggestion={changing(setPlaceholder)}
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
                  changing(setPlaceholder)(event.target.value);
                }}
              />
            )}
          </Field>
          <Field label="Description" name="description">
            {(control) => (
              <textarea
                {...control}
                rows={3}
                value={description}
                onChange={(event) => {
                  changing(setDescription)(event.target.value);
                }}
              />
            )}
          </Field>
          <Field label="Tags" name="tags" hint="Separated by commas.">
            {(control) => (
              <input
                {...control}
                value={tags}
                onChange={(event) => {
                  changing(setTags)(event.target.value);
                }}
              />
            )}
          </Field>
          <FormNotice />
          <div className="row">
            <button className="button primary" disabled={name.trim() === "" || save.isPending}>
              Save
            </button>
            <button type="button" className="button quiet" onClick={onClose}>
              Leave it
            </button>
          </div>
        </FormProblem>
      </form>
    </Dialog>
  );
}
