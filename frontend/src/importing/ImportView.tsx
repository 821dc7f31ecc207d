// Bringing in a word that another tool has learned. A worker reads the file; here it is only chosen and named.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";

import { answer, api, formOf, newIdempotencyKey } from "../api/client";
import { isProblem, ProblemError, problemOf } from "../api/problem";
import { baseModels, job as jobQuery, queryClient } from "../api/queries";
import { hasEnded, type Kind } from "../api/types";
import { BaseModelChoice } from "../teach/BaseModelChoice";
import { KindChoice } from "../teach/KindChoice";
import { faultOf } from "../teach/trainingValues";
import { PlaceholderField } from "../teach/PlaceholderField";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";

const FIELDS = ["file", "placeholder", "name", "base_model", "kind"];
// With the texts and pictures that lie beside an embedding in a folder of the concepts library.
const ACCEPTED = ".safetensors,.pt,.bin,.pti,.png,.webp,.txt,.md,.json,.jpg,.jpeg";
const LOOK_MS = 500;

export function ImportView() {
  const [, go] = useLocation();
  const { data: models } = useQuery(baseModels);
  const [files, setFiles] = useState<readonly File[]>([]);
  const [name, setName] = useState("");
  const [placeholder, setPlaceholder] = useState("");
  const [kind, setKind] = useState<Kind>("object");
  const [baseModel, setBaseModel] = useState<string | null>(null);
  const model = models?.find((each) => each.id === baseModel) ?? models?.[0];
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
  const { data: job } = useQuery({
    ...jobQuery(sent),
    enabled: sent !== "",
    refetchInterval: ({ state }) => (state.data && hasEnded(state.data.state) ? false : LOOK_MS),
  });
  const learned = job?.state === "succeeded" ? job.concept?.id : undefined;
  useEffect(() => {
    if (learned === undefined) return;
    void queryClient.invalidateQueries({ queryKey: ["concepts"] });
    go(`/concepts/${learned}`);
  }, [learned, go]);
  // A worker has looked into the file: what it says belongs to the file's field, like any other fault.
  const refused = job?.state === "failed" && isProblem(job.error) ? job.error : null;
  const problem = send.isError ? problemOf(send.error) : refused;
  const reading = sent !== "" && (job === undefined || !hasEnded(job.state));
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
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate();
        }}
      >
        <Field label="The file" hint="SDXL embeddings of diffusers are two files: choose both. Of a folder of the concepts library choose all files." fault={faultOf(problem, "file")}>
          {(control) => (
            <input
              {...control}
              type="file"
              multiple
              accept={ACCEPTED}
              onChange={(event) => {
                setFiles([...(event.target.files ?? [])]);
                send.reset();
              }}
            />
          )}
        </Field>
        <KindChoice value={kind} onChange={setKind} />
        <Field label="What do you call it?" fault={faultOf(problem, "name")}>
          {(control) => (
            <input
              {...control}
              maxLength={100}
              autoComplete="off"
              value={name}
              onChange={(event) => {
                setName(event.target.value);
              }}
            />
          )}
        </Field>
        <PlaceholderField
          value={placeholder}
          fault={faultOf(problem, "placeholder")}
          suggestions={problem?.suggestions}
          onChange={setPlaceholder}
        />
        <BaseModelChoice
          models={models ?? []}
          value={model?.id ?? null}
          fault={faultOf(problem, "base_model")}
          onChange={setBaseModel}
        />
        {problem && !FIELDS.includes(problem.field ?? "") && <ProblemNotice error={new ProblemError(problem)} />}
        <div className="row">
          <button className="button primary large" disabled={files.length === 0 || send.isPending || reading}>
            {send.isPending ? "Sending…" : reading ? "A worker reads it…" : "Import it"}
          </button>
          <Link className="button quiet" href="/">
            Back
          </Link>
        </div>
      </form>
    </>
  );
}
