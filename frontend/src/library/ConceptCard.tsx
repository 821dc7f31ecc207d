// One word of the library: what it draws, or, while it is being learned, what it is learned from and how far it is.
import { Link } from "wouter";

import type { Concept, Job } from "../api/types";
import { fractionDone } from "../jobs/jobStatusText";
import { Placeholder } from "../ui/Placeholder";

export function ConceptCard({ concept, job }: { concept: Concept; job: Job | undefined }) {
  const firstTime = concept.state === "training" && concept.training_job !== null;
  return (
    <Link className="card" href={firstTime ? `/jobs/${concept.training_job}` : `/concepts/${concept.id}`}>
      <div className="face">
        {concept.sample === null ? (
          <Collage concept={concept} />
        ) : (
          <img className="picture drawn" src={concept.sample} alt="" loading="lazy" />
        )}
        {concept.training_job !== null && (
          <div className="badge">
            {job ? "learning" : "waiting"}
            <div className="meter">
              <div style={{ width: `${fractionDone(job?.progress ?? null) * 100}%` }} />
            </div>
          </div>
        )}
        {concept.state === "failed" && <div className="badge bad">not learned</div>}
        {concept.state === "cancelled" && <div className="badge">stopped</div>}
      </div>
      <Placeholder>{concept.placeholder}</Placeholder>
      <span className="small soft">
        {concept.name} · {concept.kind === "style" ? "style" : "thing"}
      </span>
    </Link>
  );
}

function Collage({ concept }: { concept: Concept }) {
  return (
    <div className="picture collage">
      {concept.pictures.slice(0, 4).map((picture) => (
        <img key={picture.id} src={picture.url} alt="" loading="lazy" />
      ))}
    </div>
  );
}
