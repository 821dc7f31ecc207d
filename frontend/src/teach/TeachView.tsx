// Teaching a new word: pictures, what they show, and how the word is written.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation, useSearchParams } from "wouter";

import { newKey } from "../api/client";
import { problemOf } from "../api/problem";
import { baseModels, queryClient, tokenization, words } from "../api/queries";
import { useMayChange, useMe } from "../session/signedIn";
import { NearLimit } from "../settings/NearLimit";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import { useSettled } from "../ui/useSettled";
import { BaseModelChoice } from "./BaseModelChoice";
import { InitializerField } from "./InitializerField";
import { KindChoice } from "./KindChoice";
import { emptyLesson, faultOf, readyLesson, teach, type Lesson } from "./lesson";
import { PictureTray } from "./PictureTray";
import { placeholderFault, proposalSource } from "./placeholder";
import { PlaceholderField } from "./PlaceholderField";
import { ReadyLessons } from "./ReadyLessons";
import { TuningFields } from "./TuningFields";

// Problems with these are told beside the field; all others above the button.
const FIELDS = ["images", "placeholder", "initializer", "kind", "base_model", "name", "vectors", "steps_max", "mirror", "seed", "kappa", "method"];

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

/** An empty form, or the ready lesson that the address names. */
function TeachFromAddress() {
  const [address] = useSearchParams();
  const id = address.get("lesson");
  const ready = useQuery(readyLesson(id));
  if (ready.isLoading) return null;
  return <TeachForm key={id} start={ready.data ?? emptyLesson} />;
}

function TeachForm({ start }: { start: Lesson }) {
  const [, go] = useLocation();
  const { limits } = useMe();
  const { data: models } = useQuery(baseModels);
  const { data: library } = useQuery(words);
  const [lesson, setLesson] = useState(start);
  const [key, setKey] = useState(newKey);
  const model = models?.find((each) => each.id === lesson.baseModel) ?? models?.[0];

  const source = useSettled(proposalSource(lesson.name, lesson.initializer));
  const { data: proposal } = useQuery(tokenization(lesson.baseModel, source));
  const placeholder = lesson.placeholder ?? (source === "" ? "" : (proposal?.placeholder ?? ""));

  const send = useMutation({
    mutationFn: () => teach(lesson, placeholder, key),
    onSuccess: ({ job }) => {
      void queryClient.invalidateQueries({ queryKey: ["concepts"] });
      go(`/jobs/${job.id}`);
    },
  });
  const problem = send.isError ? problemOf(send.error) : null;
  const taken = new Set(library?.map((concept) => concept.placeholder));
  const typedFault = lesson.placeholder === null ? null : placeholderFault(lesson.placeholder, taken);

  function change(part: Partial<Lesson>) {
    setLesson({ ...lesson, ...part });
    setKey(newKey()); // another lesson is another request
    if (send.isError) send.reset();
  }

  const enough = lesson.files.length >= limits.pictures_min && lesson.files.length <= limits.pictures_max;
  const missing = !enough || lesson.initializer.trim() === "" || placeholder === "";
  return (
    <>
      <div className="head">
        <div>
          <h1>Teach a new word</h1>
          <p>Show a few pictures of one thing, or in one style. The model itself stays as it is: it only gains a word.</p>
        </div>
      </div>
      <NearLimit of={["queued_jobs", "gpu_seconds", "storage_bytes"]} />
      <form
        className="teach"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!missing) send.mutate();
        }}
      >
        <div className="stack roomy">
          <PictureTray
            files={lesson.files}
            baseModel={lesson.baseModel}
            refusal={problem}
            onChange={(files) => {
              change({ files });
            }}
          />
          {lesson.files.length === 0 && <ReadyLessons />}
        </div>
        <div className="stack roomy">
          <KindChoice
            value={lesson.kind}
            onChange={(kind) => {
              change({ kind });
            }}
          />
          <Field label="What do you call it?" fault={faultOf(problem, "name")}>
            {(control) => (
              <input
                {...control}
                name="name"
                maxLength={100}
                autoComplete="off"
                placeholder={lesson.kind === "style" ? "Blueprint" : "Grandma’s mug"}
                value={lesson.name}
                onChange={(event) => {
                  change({ name: event.target.value });
                }}
              />
            )}
          </Field>
          <InitializerField
            value={lesson.initializer}
            kind={lesson.kind}
            baseModel={lesson.baseModel}
            modelName={model?.name ?? "The model"}
            fault={faultOf(problem, "initializer")}
            suggestions={problem?.suggestions}
            onChange={(initializer) => {
              change({ initializer });
            }}
          />
          <PlaceholderField
            value={placeholder}
            fault={faultOf(problem, "placeholder") ?? typedFault ?? undefined}
            suggestions={problem?.suggestions}
            onChange={(text) => {
              change({ placeholder: text === "" ? null : text });
            }}
          />
          <BaseModelChoice
            models={models ?? []}
            value={model?.id ?? null}
            fault={faultOf(problem, "base_model")}
            onChange={(baseModel) => {
              change({ baseModel });
            }}
          />
          <details>
            <summary>More</summary>
            <div className="stack roomy">
              <Field label="Tags" hint="Separated by commas, to find it again.">
                {(control) => (
                  <input
                    {...control}
                    name="tags"
                    placeholder="kitchen, blue"
                    value={lesson.tags}
                    onChange={(event) => {
                      change({ tags: event.target.value });
                    }}
                  />
                )}
              </Field>
              <TuningFields
                value={lesson.tuning}
                model={model}
                problem={problem}
                onChange={(tuning) => {
                  change({ tuning });
                }}
              />
            </div>
          </details>
          {problem && !FIELDS.includes(problem.field ?? "") && <ProblemNotice error={send.error} />}
          <div className="row">
            <button className="button primary large" disabled={missing || send.isPending}>
              {send.isPending ? "Sending the pictures…" : "Teach it"}
            </button>
            {missing && <span className="small soft">{whatIsMissing(enough, lesson)}</span>}
          </div>
        </div>
      </form>
    </>
  );
}

function whatIsMissing(enough: boolean, lesson: Lesson): string {
  if (!enough) return "Choose the pictures first.";
  return lesson.initializer.trim() === "" ? "Say what it is, in one word." : "It needs a word of its own.";
}
