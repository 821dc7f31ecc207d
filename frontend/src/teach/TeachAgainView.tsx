// Teaching a word again: from the same pictures or new ones. Both versions are kept.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";

import { baseModels, concept as conceptQuery, queryClient } from "../api/queries";
import type { Concept } from "../api/types";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { ProblemNotice, Problems } from "../ui/Notice";
import { Placeholder } from "../ui/Placeholder";
import { InitializerField } from "./InitializerField";
import { estimateText } from "./estimateText";
import { trainingEstimate } from "./pictureCheck";
import type { TeachPicture } from "./pictures";
import { picturesOf, retrain, defaultOptions, type TrainingOptions } from "./trainingValues";
import { PictureTray } from "./PictureTray";
import { TrainingOptionFields } from "./TrainingOptionFields";

export function TeachAgainView({ id }: { id: string }) {
  const { data: concept, error } = useQuery(conceptQuery(id));
  if (error !== null) return <ProblemNotice error={error} />;
  if (concept === undefined) return null;
  return <TeachAgainForm concept={concept} />;
}

function TeachAgainForm({ concept }: { concept: Concept }) {
  const [, go] = useLocation();
  const offered = useQuery(baseModels);
  const model = offered.data?.find((each) => each.id === concept.base_model);
  const [pictures, setPictures] = useState<readonly TeachPicture[]>([]);
  const [replacing, setReplacing] = useState(concept.pictures.length === 0);
  const [initializer, setInitializer] = useState(concept.initializer);
  const [options, setOptions] = useState<TrainingOptions>(defaultOptions);
  const send = useMutation({
    mutationFn: () => retrain(concept.id, replacing ? pictures : [], initializer, options),
    onSuccess: ({ job }) => {
      void queryClient.invalidateQueries({ queryKey: ["concepts"] });
      go(`/jobs/${job.id}`);
    },
  });

  const reopening = useMutation({
    mutationFn: () => picturesOf(concept),
    onSuccess: (found) => {
      setPictures(found);
      setReplacing(true);
      changed();
    },
  });
  const estimate = useQuery(trainingEstimate(concept.base_model, options.stepsMax));

  /** A problem of the values before is no problem of the values now. */
  function changed() {
    if (send.isError) send.reset();
  }

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
        <FormProblem error={send.error}>
          {replacing ? (
            <PictureTray
              pictures={pictures}
              baseModel={concept.base_model}
              kind={concept.kind}
              onChange={(chosen) => {
                setPictures(chosen);
                changed();
              }}
            />
          ) : (
            <section className="stack" aria-label="Pictures">
              <ul className="tiles">
                {concept.pictures.map((picture) => (
                  <li key={picture.id}>
                    <img className="picture" src={picture.url} alt="" />
                    {picture.caption && <p className="remark plain">{picture.caption}</p>}
                  </li>
                ))}
              </ul>
              <p className="small soft">
                The same pictures again, with their squares, masks and captions.{" "}
                <button
                  type="button"
                  className="link"
                  disabled={reopening.isPending}
                  onClick={() => {
                    reopening.mutate();
                  }}
                >
                  Adjust them
                </button>
                {" or "}
                <button
                  type="button"
                  className="link"
                  onClick={() => {
                    setReplacing(true);
                    changed();
                  }}
                >
                  choose others
                </button>
                .
              </p>
              <Problems of={[reopening]} />
            </section>
          )}
          <div className="stack roomy">
            <InitializerField
              value={initializer}
              kind={concept.kind}
              baseModel={concept.base_model}
              modelName={model?.name ?? "The model"}
              onChange={(text) => {
                setInitializer(text);
                changed();
              }}
            />
            <TrainingOptionFields
              value={options}
              model={model}
              placeholder={concept.placeholder}
              onChange={(next) => {
                setOptions(next);
                changed();
              }}
            />
            <Problems of={[offered, estimate]} />
            <FormNotice />
            <div className="row">
              <button className="button primary large" disabled={send.isPending || initializer.trim() === ""}>
                {send.isPending ? "Sending…" : "Teach it again"}
              </button>
              <Link className="button quiet" href={`/concepts/${concept.id}`}>
                Back
              </Link>
              <span className="small soft">{estimate.data && estimateText(estimate.data)}</span>
            </div>
          </div>
        </FormProblem>
      </form>
    </>
  );
}
