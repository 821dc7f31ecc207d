// Everything about one word: what it draws, what it was learned from, its versions, and what can be done with it.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { baseModels, concept as conceptQuery, versions as versionsQuery } from "../api/queries";
import type { Concept, Version } from "../api/types";
import { drawLink } from "../draw/links";
import { useMayChange } from "../session/currentUser";
import { RelativeTime } from "../ui/RelativeTime";
import { ProblemNotice, Problems } from "../ui/Notice";
import { Placeholder } from "../ui/Placeholder";
import { Skeleton } from "../ui/Skeleton";
import { DeleteConcept } from "./DeleteConcept";
import { Download } from "./Download";
import { RecentGenerations } from "./RecentGenerations";
import { EditConcept } from "./EditConcept";
import { DeletePictures } from "./DeletePictures";
import { NoReport, ReportSection } from "./report/ReportSection";
import { SideBySide } from "./report/SideBySide";
import { Versions } from "./Versions";

export function ConceptView({ id }: { id: string }) {
  const { data: concept, error } = useQuery(conceptQuery(id));
  if (concept === undefined) return error === null ? <Skeleton /> : <ProblemNotice error={error} />;
  return <Known concept={concept} />;
}

function Known({ concept }: { concept: Concept }) {
  const mayDraw = useMayChange();
  const mayChange = concept.may_change;
  const kept = useQuery(versionsQuery(concept.id));
  const versions = kept.data;
  const [looked, setLooked] = useState<number | null>(null);
  const reported = versions?.filter(({ report }) => report) ?? [];
  const current = concept.current_version;
  const shown = versions?.find((version) => version.number === (looked ?? current?.number));
  return (
    <>
      <div className="head">
        <div>
          <h1>
            <Placeholder>{concept.placeholder}</Placeholder>
          </h1>
          <p>
            {concept.name}, a {concept.kind === "style" ? "style" : "thing"}
            {concept.initializer && <> like “{concept.initializer}”</>} ·{" "}
            {current?.origin?.imported_from ? "imported" : "taught"} by {concept.owner.name},{" "}
            <RelativeTime time={concept.created_at} />
          </p>
          {concept.description && <p>{concept.description}</p>}
          {concept.tags.length > 0 && <p className="small">{concept.tags.map((tag) => `#${tag}`).join(" ")}</p>}
        </div>
        {mayDraw && current && (
          <Link className="button primary" href={drawLink(concept)}>
            Draw with it
          </Link>
        )}
      </div>
      <Condition concept={concept} />
      <ChangedModel concept={concept} />
      <div className="columns">
        <section className="stack" aria-label="What it draws">
          {concept.sample && <img className="picture drawn" src={concept.sample} alt={`Drawn with ${concept.placeholder}`} />}
          {current && current.previews.length > 1 && (
            <>
              <h2>How it was learned</h2>
              <ul className="strip">
                {current.previews.map((preview) => (
                  <li key={preview.step} className="small soft">
                    <img className="picture drawn" src={preview.url} alt={`After ${preview.step} steps`} />
                    {preview.step}
                  </li>
                ))}
              </ul>
            </>
          )}
        </section>
        <section className="stack roomy" aria-label="About it">
          <div className="stack" hidden={concept.pictures.length === 0}>
            <h2>Learned from</h2>
            <ul className="strip">
              {concept.pictures.map((picture, place) => (
                <li key={picture.id}>
                  <img className="picture" src={picture.url} alt={`Picture ${place + 1} of ${concept.name}`} />
                </li>
              ))}
            </ul>
            {mayChange && concept.training_job === null && <DeletePictures concept={concept} />}
          </div>
          <Problems of={[kept]} />
          {versions && versions.length > 0 && <Versions concept={concept} versions={versions} looked={shown?.number} onLook={setLooked} />}
          {current?.embedding && <Download concept={concept} version={current} embedding={current.embedding} />}
          {mayChange && (
            <div className="row">
              <Link className="button" href={`/concepts/${concept.id}/teach`}>
                Teach it again
              </Link>
              <EditConcept concept={concept} />
              <DeleteConcept concept={concept} />
            </div>
          )}
          {mayDraw && !mayChange && (
            <p className="small soft">{concept.owner.name} and administrators can change, delete and teach it again.</p>
          )}
        </section>
      </div>
      {shown?.report && <ReportSection key={shown.number} concept={concept} number={shown.number} />}
      {shown && lacksReport(shown) && <NoReport key={shown.number} concept={concept} number={shown.number} />}
      {reported.length > 1 && <SideBySide concept={concept} versions={reported} />}
      <RecentGenerations concept={concept} />
    </>
  );
}

/** Whether it was learned here, from pictures that are still there, and nothing is known of how well. */
function lacksReport({ state, report, pictures, origin }: Version): boolean {
  return state === "ready" && report === null && pictures.length > 0 && !origin?.imported_from;
}

function Condition({ concept }: { concept: Concept }) {
  if (concept.training_job !== null) {
    return (
      <p className="notice">
        <span>
          It is being learned right now. <Link href={`/jobs/${concept.training_job}`}>Watch</Link>
        </span>
      </p>
    );
  }
  if (concept.state === "failed") return <p className="notice bad">It could not be learned. Teach it again, perhaps with other pictures.</p>;
  if (concept.state === "cancelled") return <p className="notice">Teaching was stopped before anything was kept.</p>;
  return null;
}

/** Says that the base model has gone or has changed since the word was learned. */
function ChangedModel({ concept }: { concept: Concept }) {
  // eslint-disable-next-line oneword/shown-problem -- without the list only this warning is missing
  const { data: models } = useQuery(baseModels);
  const learned = concept.current_version?.base_model_hash;
  const model = models?.find((each) => each.id === concept.base_model);
  if (models === undefined || !learned) return null;
  if (model === undefined) {
    return (
      <p className="notice">
        The base model {concept.base_model} is no longer in this studio. Another model of the same kind can draw with this word.
      </p>
    );
  }
  if (!model.weights_hash || model.weights_hash === learned) return null;
  return (
    <p className="notice">
      The files of {model.name} have changed since this word was learned, so it may look different. Teach it again if it does.
    </p>
  );
}
