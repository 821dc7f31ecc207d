// Many files at once: one job, and each file becomes a word that is named after it.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api, formOf, newIdempotencyKey } from "../api/client";
import { job as jobQuery } from "../api/queries";
import type { BaseModel, Kind } from "../api/types";
import { BaseModelChoice } from "../teach/BaseModelChoice";
import { KindChoice } from "../teach/KindChoice";
import { Field } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { Problems } from "../ui/Notice";
import { FILES_MAX } from "./fileTypes";
import { ManyImported } from "./ManyImported";

interface ImportManyProps {
  files: readonly File[];
  models: readonly BaseModel[];
  onBack: () => void;
}

export function ImportMany({ files, models, onBack }: ImportManyProps) {
  const [kind, setKind] = useState<Kind>("object");
  const [baseModel, setBaseModel] = useState<string | null>(null);
  const [tags, setTags] = useState("");
  const model = models.find((each) => each.id === baseModel) ?? models[0];
  const send = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/api/concepts/import-many", {
          params: { header: { "Idempotency-Key": newIdempotencyKey() } },
          body: { file: [] },
          bodySerializer: () => formOf({ file: files, kind, base_model: model?.id, tags: tagsOf(tags) }),
        }),
      ),
  });
  const made = send.data;
  const asked = useQuery({ ...jobQuery(made?.job.id ?? ""), enabled: made !== undefined });
  if (made !== undefined)
    return (
      <>
        <Problems of={[asked]} />
        <ManyImported job={asked.data ?? made.job} refused={made.refused} />
      </>
    );
  return (
    <>
      <div className="head">
        <div>
          <h1>Import {files.length} words</h1>
          <p>Each file becomes a word that is named after it. Files that are no embeddings are left out, with the reason.</p>
        </div>
      </div>
      <form
        className="stack roomy column"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate();
        }}
      >
        <FormProblem error={send.error}>
          <ul className="file-list" aria-label="Files">
            {files.map((file, place) => (
              <li key={place}>{file.name}</li>
            ))}
          </ul>
          <KindChoice value={kind} onChange={setKind} />
          <Field label="Tags for all of them" name="tags" hint="Separated by commas; they help to find these words again.">
            {(control) => (
              <input
                {...control}
                autoComplete="off"
                value={tags}
                onChange={(event) => {
                  setTags(event.target.value);
                }}
              />
            )}
          </Field>
          <BaseModelChoice models={models} value={model?.id ?? null} onChange={setBaseModel} />
          {files.length > FILES_MAX && <p className="notice">One import takes at most {FILES_MAX} files. Choose fewer, and import the rest afterwards.</p>}
          <FormNotice />
          <div className="row">
            <button className="button primary large" disabled={files.length > FILES_MAX || send.isPending}>
              {send.isPending ? "Sending…" : `Import ${files.length} files`}
            </button>
            <button type="button" className="button quiet" onClick={onBack}>
              Choose others
            </button>
          </div>
        </FormProblem>
      </form>
    </>
  );
}

function tagsOf(text: string): string[] {
  return text
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
}
