// Teaching a new word: pictures, what they show, and how the word is written.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation, useSearchParams } from "wouter";

import { newIdempotencyKey } from "../api/client";
import { constraints } from "../api/constraints";
import { problemOf } from "../api/problem";
import { baseModels, queryClient, tokenization, promptConcepts } from "../api/queries";
import { useMayChange, useMe } from "../session/currentUser";
import { QuotaWarning } from "../settings/QuotaWarning";
import { Field } from "../ui/Field";
import { FoldedFields, FormNotice, FormProblem } from "../ui/FormProblem";
import { Problems } from "../ui/Notice";
import { useDebounced } from "../ui/useDebounced";
import { BaseModelChoice } from "./BaseModelChoice";
import { InitializerField } from "./InitializerField";
import { KindChoice } from "./KindChoice";
import { estimateText } from "./estimateText";
import { trainingEstimate } from "./pictureCheck";
import { emptyTraining, trainingFromExample, startTraining, type TrainingValues } from "./trainingValues";
import { PictureTray } from "./PictureTray";
import { placeholderFault, proposalSource } from "./placeholder";
import { PlaceholderField } from "./PlaceholderField";
import { ExamplePicker } from "./ExamplePicker";
import { TrainingOptionFields } from "./TrainingOptionFields";

export function TeachView() {
  const mayChange = useMayChange();
  if (!mayChange) {
    return (
      <div className="head">
        <div>
          <h1>Teach a new word</h1>
          <p>You are here to look. Ask an administrator to make you a member of the team; members can teach.</p>
        </div>
      </div>
    );
  }
  return <TeachFromAddress />;
}

/** An empty form, or one filled with the example that the address names. */
function TeachFromAddress() {
  const [address] = useSearchParams();
  const id = address.get("example");
  const ready = useQuery(trainingFromExample(id));
  if (ready.isLoading) return null;
  return (
    <>
      <Problems of={[ready]} />
      <TeachForm key={id} initial={ready.data ?? emptyTraining} />
    </>
  );
}

function TeachForm({ initial }: { initial: TrainingValues }) {
  const [, go] = useLocation();
  const { limits } = useMe();
  const offered = useQuery(baseModels);
  const library = useQuery(promptConcepts);
  const models = offered.data ?? [];
  const [values, setValues] = useState(initial);
  const [key, setKey] = useState(newIdempotencyKey);
  const model = models.find((each) => each.id === values.baseModel) ?? models[0];

  const source = useDebounced(proposalSource(values.name, values.initializer));
  const proposal = useQuery(tokenization(values.baseModel, source));
  const placeholder = values.placeholder ?? (source === "" ? "" : (proposal.data?.placeholder ?? ""));

  const send = useMutation({
    mutationFn: () => startTraining(values, placeholder, key),
    onSuccess: ({ job }) => {
      void queryClient.invalidateQueries({ queryKey: ["concepts"] });
      go(`/jobs/${job.id}`);
    },
  });
  const estimate = useQuery(trainingEstimate(values.baseModel, values.options.stepsMax));
  const taken = new Set(library.data?.map((concept) => concept.placeholder));
  const proposalFault = proposal.isError ? problemOf(proposal.error).detail : null;
  const fault = values.placeholder === null ? proposalFault : placeholderFault(values.placeholder, taken);

  function change(part: Partial<TrainingValues>) {
    setValues({ ...values, ...part });
    setKey(newIdempotencyKey()); // other values make another request
    if (send.isError) send.reset();
  }

  const enough = values.pictures.length >= limits.pictures_min && values.pictures.length <= limits.pictures_max;
  const missing = !enough || values.initializer.trim() === "" || placeholder === "";
  return (
    <>
      <div className="head">
        <div>
          <h1>Teach a new word</h1>
          <p>Show a few pictures of one thing, or in one style. The model itself stays as it is: it only gains a word.</p>
        </div>
      </div>
      <QuotaWarning of={["queued_jobs", "gpu_seconds", "storage_bytes"]} />
      <form
        className="teach"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!missing) send.mutate();
        }}
      >
        <FormProblem error={send.error}>
          <div className="stack roomy">
            <PictureTray
              pictures={values.pictures}
              baseModel={values.baseModel}
              kind={values.kind}
              onChange={(pictures) => {
                change({ pictures });
              }}
            />
            {values.pictures.length === 0 && <ExamplePicker />}
          </div>
          <div className="stack roomy">
            <KindChoice
              value={values.kind}
              onChange={(kind) => {
                change({ kind });
              }}
            />
            <Field label="What do you call it?" name="name">
              {(control) => (
                <input
                  {...control}
                  name="name"
                  maxLength={constraints.Body_create_concept.name.maxLength}
                  autoComplete="off"
                  placeholder={values.kind === "style" ? "Blueprint" : "Grandma’s mug"}
                  value={values.name}
                  onChange={(event) => {
                    change({ name: event.target.value });
                  }}
                />
              )}
            </Field>
            <InitializerField
              value={values.initializer}
              kind={values.kind}
              baseModel={values.baseModel}
              modelName={model?.name ?? "The model"}
              onChange={(initializer) => {
                change({ initializer });
              }}
            />
            <PlaceholderField
              value={placeholder}
              fault={fault ?? undefined}
              onChange={(text) => {
                change({ placeholder: text === "" ? null : text });
              }}
            />
            <BaseModelChoice
              models={models}
              value={model?.id ?? null}
              onChange={(baseModel) => {
                change({ baseModel });
              }}
            />
            <FoldedFields summary="More">
              <div className="stack roomy">
                <Field label="Tags" name="tags" hint="Separated by commas, to find it again.">
                  {(control) => (
                    <input
                      {...control}
                      name="tags"
                      placeholder="kitchen, blue"
                      value={values.tags}
                      onChange={(event) => {
                        change({ tags: event.target.value });
                      }}
                    />
                  )}
                </Field>
                <TrainingOptionFields
                  value={values.options}
                  model={model}
                  placeholder={placeholder}
                  onChange={(options) => {
                    change({ options });
                  }}
                />
              </div>
            </FoldedFields>
            <Problems of={[offered, library, estimate]} />
            <FormNotice />
            <div className="row">
              <button className="button primary large" disabled={missing || send.isPending}>
                {send.isPending ? "Sending the pictures…" : "Teach it"}
              </button>
              <span className="small soft">
                {missing ? whatIsMissing(enough, values) : estimate.data && estimateText(estimate.data)}
              </span>
            </div>
          </div>
        </FormProblem>
      </form>
    </>
  );
}

function whatIsMissing(enough: boolean, values: TrainingValues): string {
  if (!enough) return "Choose the pictures first.";
  return values.initializer.trim() === "" ? "Say what it is, in one word." : "It needs a word of its own.";
}
