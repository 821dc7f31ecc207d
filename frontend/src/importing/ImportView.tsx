// Bringing in a word that another tool has learned. A worker reads the file; here it is only chosen and named.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";

import { answer, api, formOf, newKey } from "../api/client";
import { problemOf } from "../api/problem";
import { baseModels, queryClient } from "../api/queries";
import type { Kind } from "../api/types";
import { BaseModelChoice } from "../teach/BaseModelChoice";
import { KindChoice } from "../teach/KindChoice";
import { faultOf } from "../teach/lesson";
import { PlaceholderField } from "../teach/PlaceholderField";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";

const FIELDS = ["file", "placeholder", "name", "base_model", "kind"];
const ACCEPTED = ".safetensors,.pt,.bin,.pti,.png";

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
          params: { header: { "Idempotency-Key": newKey() } },
          body: { file: [] },
          bodySerializer: () => formOf({ file: files, placeholder, name: name.trim(), kind, base_model: model?.id }),
        }),
      ),
    onSuccess: ({ job }) => {
      void queryClient.invalidateQueries({ queryKey: ["concepts"] });
      go(`/jobs/${job.id}`);
    },
  });
  const problem = send.isError ? problemOf(send.error) : null;
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
        <Field label="The file" hint="SDXL embeddings of diffusers are two files: choose both." fault={faultOf(problem, "file")}>
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
        {problem && !FIELDS.includes(problem.field ?? "") && <ProblemNotice error={send.error} />}
        <div className="row">
          <button className="button primary large" disabled={files.length === 0 || send.isPending}>
            {send.isPending ? "Sending…" : "Import it"}
          </button>
          <Link className="button quiet" href="/">
            Back
          </Link>
        </div>
      </form>
    </>
  );
}
