// One word of the library: what it draws, or, while it is being learned, what it is learned from and how far it is.
import { Link } from "wouter";

import type { Concept, Job } from "../api/types";
import { fractionDone } from "../jobs/jobStatusText";
import { Placeholder } from "../ui/Placeholder";
import { thumbnail } from "../ui/thumbnail";

interface ConceptCardProps {
  concept: Concept;
  job: Job | undefined;
  /** Of the card, in CSS pixels. */
  width: number;
}

/** Widths in which pictures are asked for: few, so that one that was loaded is used again. */
const WIDTHS = [160, 320, 640];

export function ConceptCard({ concept, job, width }: ConceptCardProps) {
  const firstTime = concept.state === "training" && concept.training_job !== null;
  return (
    <Link className="card" href={firstTime ? `/jobs/${concept.training_job}` : `/concepts/${concept.id}`}>
      <div className="face">
        {concept.sample === null ? (
          <Collage concept={concept} width={width / 2} />
        ) : (
          <img className="picture drawn" src={sampleAt(concept.sample, width)} alt="" decoding="async" />
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

function Collage({ concept, width }: { concept: Concept; width: number }) {
  if (concept.pictures.length === 0) {
    return (
      <div className="picture initial" aria-hidden="true">
        {concept.placeholder.replace(/^<(my-)?/, "").charAt(0)}
      </div>
    );
  }
  return (
    <div className="picture collage">
      {concept.pictures.slice(0, 4).map((picture) => (
        <img key={picture.id} src={thumbnail(picture, pixels(width))} alt="" decoding="async" />
      ))}
    </div>
  );
}

/** A drawn sample of whatever size; a report's drawing has one size only. */
function sampleAt(url: string, width: number): string {
  return url.startsWith("/api/images/") ? `${url}?format=webp&width=${pixels(width)}` : url;
}

function pixels(width: number): number {
  const wanted = width * window.devicePixelRatio;
  return WIDTHS.find((each) => each >= wanted * 0.8) ?? 640;
}
