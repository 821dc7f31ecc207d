// Teaching a word again: from the same pictures or new ones. Both versions are kept.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";

import { problemOf } from "../api/problem";
import { baseModels, concept as conceptQuery, queryClient } from "../api/queries";
import type { Concept } from "../api/types";
import { ProblemNotice } from "../ui/Notice";
import { Placeholder } from "../ui/Placeholder";
import { InitializerField } from "./InitializerField";
import { faultOf, retrain, defaultOptions, type TrainingOptions } from "./trainingValues";
import { PictureTray } from "./PictureTray";
import { TrainingOptionFields } from "./TrainingOptionFields";

const FIELDS = ["images", "initializer", "vectors", "steps_max", "mirror", "seed", "kappa", "method"];

export function TeachAgainView({ id }: { id: string }) {
  const { data: concept, error } = useQuery(conceptQuery(id));
  if (error !== null) return <ProblemNotice error={error} />;
  if (concept === undefined) return null;
  return <TeachAgainForm concept={concept} />;
}

function TeachAgainForm({ concept }: { concept: Concept }) {
  const [, go] = useLocation();
  const { data: models } = useQuery(baseModels);
  const model = models?.find((each) => each.id === concept.base_model);
  const [files, setFiles] = useState<readonly File[]>([]);
  const [replacing, setReplacing] = useState(concept.pictures.length === 0);
  const [initializer, setInitializer] = useState(concept.initializer);
  const [options, setOptions] = useState<TrainingOptions>(defaultOptions);
  const send = useMutation({
    mutationFn: () => retrain(concept.id, replacing ? files : [], initializer, options),
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
          <h1>
            Teach <Placeholder>{concept.placeholder}</Placeholder> again
          </h1>
          <p>It becomes a new version. The ones before are kept, and you choose which the word means.</p>
        </div>
      </div>
      <form
        className="teach"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate();
        }}
      >
        {replacing ? (
          <PictureTray files={files} baseModel={concept.base_model} refusal={problem} onChange={setFiles} />
        ) : (
          <section className="stack" aria-label="Pictures">
            <ul className="tiles">
              {concept.pictures.map((picture) => (
                <li key={picture.id}>
                  <img className="picture" src={picture.url} alt="" />
                </li>
              ))}
            </ul>
            <p className="small soft">
              The same pictures again.{" "}
              <button
                type="button"
                className="link"
                onClick={() => {
                  setReplacing(true);
                }}
              >
                Choose others
              </button>
            </p>
          </section>
        )}
        <div className="stack roomy">
          <InitializerField
            value={initializer}
            kind={concept.kind}
            baseModel={concept.base_model}
            modelName={model?.name ?? "The model"}
            fault={faultOf(problem, "initializer")}
            suggestions={problem?.suggestions}
            onChange={setInitializer}
          />
          <TrainingOptionFields value={options} model={model} problem={problem} onChange={setOptions} />
          {problem && !FIELDS.includes(problem.field ?? "") && <ProblemNotice error={send.error} />}
          <div className="row">
            <button className="button primary large" disabled={send.isPending || initializer.trim() === ""}>
              {send.isPending ? "Sending…" : "Teach it again"}
            </button>
            <Link className="button quiet" href={`/concepts/${concept.id}`}>
              Back
            </Link>
          </div>
        </div>
      </form>
    </>
  );
}
