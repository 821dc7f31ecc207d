// Bringing in a word that another tool has learned. A worker reads the file; here it is only chosen and named.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";

import { answer, api, formOf, newIdempotencyKey } from "../api/client";
import { constraints } from "../api/constraints";
import { isProblem, ProblemError } from "../api/problem";
import { baseModels, job as jobQuery, queryClient } from "../api/queries";
import { hasEnded, type Job, type Kind } from "../api/types";
import { BaseModelChoice } from "../teach/BaseModelChoice";
import { KindChoice } from "../teach/KindChoice";
import { PlaceholderField } from "../teach/PlaceholderField";
import { Field } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { Problems } from "../ui/Notice";
import { areWordsOfTheirOwn, EMBEDDING_FILE_TYPES } from "./fileTypes";
import { ImportMany } from "./ImportMany";

const LOOK_MS = 500;

export function ImportView() {
  const [, go] = useLocation();
  const offered = useQuery(baseModels);
  const models = offered.data ?? [];
  const [files, setFiles] = useState<readonly File[]>([]);
  const [name, setName] = useState("");
  const [placeholder, setPlaceholder] = useState("");
  const [kind, setKind] = useState<Kind>("object");
  const [baseModel, setBaseModel] = useState<string | null>(null);
  const model = models.find((each) => each.id === baseModel) ?? models[0];
  const send = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/api/concepts/import", {
          params: { header: { "Idempotency-Key": newIdempotencyKey() } },
          body: { file: [] },
          bodySerializer: () => formOf({ file: files, placeholder, name: name.trim(), kind, base_model: model?.id }),
        }),
      ),
  });
  const sent = send.data?.job.id ?? "";
  const reader = useQuery({
    ...jobQuery(sent),
    enabled: sent !== "",
    refetchInterval: ({ state }) => (state.data && hasEnded(state.data.state) ? false : LOOK_MS),
  });
  const job = reader.data;
  const learned = job?.state === "succeeded" ? job.concept?.id : undefined;
  useEffect(() => {
    if (learned === undefined) return;
    void queryClient.invalidateQueries({ queryKey: ["concepts"] });
    go(`/concepts/${learned}`);
  }, [learned, go]);
  if (areWordsOfTheirOwn(files))
    return (
      <ImportMany
        files={files}
        models={models}
        onBack={() => {
          setFiles([]);
        }}
      />
    );
  const reading = sent !== "" && !reader.isLoadingError && (job === undefined || !hasEnded(job.state));

  /** Sets one value and clears the problem of the values before. */
  function changing<Value>(set: (value: Value) => void) {
    return (value: Value) => {
      set(value);
      if (!reading) send.reset();
    };
  }

  return (
    <>
      <div className="head">
        <div>
          <h1>Import a word</h1>
          <p>
            An embedding that another tool has learned: diffusers, AUTOMATIC1111, ComfyUI, kohya, OneTrainer, InvokeAI. It
            works on the base model it was learned on.
          </p>
        </div>
      </div>
      <form
        className="stack roomy column"
        noValidate
        onDragOver={(event) => {
          event.preventDefault();
        }}
        onDrop={(event) => {
          event.preventDefault();
          changing(setFiles)([...event.dataTransfer.files]);
        }}
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate();
        }}
      >
        <FormProblem error={send.error ?? endOf(job)}>
          <Field label="The file, or up to 100 of them" hint="Choose many, or drop them here, and each becomes a word. SDXL embeddings of diffusers are two files: choose both. Of a folder of the concepts library choose all files." name="file">
            {(control) => (
              <input
                {...control}
                type="file"
                multiple
                accept={EMBEDDING_FILE_TYPES}
                onChange={(event) => {
                  changing(setFiles)([...(event.target.files ?? [])]);
                }}
              />
            )}
          </Field>
          <KindChoice value={kind} onChange={changing(setKind)} />
          <Field label="What do you call it?" name="name">
            {(control) => (
              <input
                {...control}
                maxLength={constraints.Body_create_concept.name.maxLength}
                autoComplete="off"
                value={name}
                onChange={(event) => {
                  changing(setName)(event.target.value);
                }}
              />
            )}
          </Field>
          <PlaceholderField
            value={placeholder}
            onChange={changing(setPlaceholder)}
          />
          <BaseModelChoice
            models={models}
            value={model?.id ?? null}
            onChange={changing(setBaseModel)}
          />
          <Problems of={[offered, reader]} />
          <FormNotice />
          <div className="row">
            <button className="button primary large" disabled={files.length === 0 || send.isPending || reading}>
              {send.isPending ? "Sending…" : reading ? "A worker reads it…" : "Import it"}
            </button>
            <Link className="button quiet" href="/">
              Back
            </Link>
          </div>
        </FormProblem>
      </form>
    </>
  );
}

/** The problem of an import job that failed or was cancelled. */
function endOf(job: Job | undefined): ProblemError | null {
  if (job?.state !== "failed" && job?.state !== "cancelled") return null;
  if (isProblem(job.error)) return new ProblemError(job.error);
  const detail = job.state === "cancelled" ? "The import was stopped." : "The file could not be imported. Try again.";
  return new ProblemError({ type: "/problems/import-ended", title: "Not imported", status: 0, detail });
}
