// The word as a file of a few KB, in the format of whatever tool it is wanted for.
import type { Concept, Version } from "../api/types";

const TOOLS: Record<string, string> = {
  oneword: "Oneword",
  diffusers: "diffusers",
  "diffusers-2": "diffusers, second encoder",
  "diffusers-bin": "diffusers, as .bin",
  a1111: "AUTOMATIC1111, Forge",
  "a1111-card": "Picture card",
  kohya: "ComfyUI, kohya, InvokeAI",
  onetrainer: "OneTrainer",
  official: "The paper's own code",
  "cog-sdxl": "Replicate (cog-sdxl)",
  "sd-concepts-library": "Library folder",
};

/** What most people ask for; the rest is behind one more step. */
const USUAL = ["oneword", "diffusers", "diffusers-2", "a1111", "a1111-card", "kohya"];

interface DownloadProps {
  concept: Concept;
  version: Version;
  embedding: NonNullable<Version["embedding"]>;
}

export function Download({ concept, version, embedding }: DownloadProps) {
  const rest = embedding.formats.filter((format) => !USUAL.includes(format));
  const widths = Object.values(embedding.widths).join(" and ");
  return (
    <div className="stack">
      <h2>Take it elsewhere</h2>
      <p className="small soft">
        The whole word is a file of {(embedding.bytes / 1000).toFixed(1)} KB:{" "}
        {version.vectors === 1 ? "one vector" : `${version.vectors} vectors`}
        {widths && ` of ${widths} numbers`}, for {concept.base_model} and models of its kind. Choose the tool it is for.
      </p>
      <Chips concept={concept} formats={USUAL.filter((format) => embedding.formats.includes(format))} />
      {rest.length > 0 && (
        <details>
          <summary>More formats</summary>
          <Chips concept={concept} formats={rest} />
        </details>
      )}
    </div>
  );
}

function Chips({ concept, formats }: { concept: Concept; formats: readonly string[] }) {
  return (
    <div className="chips">
      {formats.map((format) => (
        <a key={format} className="chip plain" href={`/api/concepts/${concept.id}/embedding?format=${format}`} download>
          {TOOLS[format] ?? format}
        </a>
      ))}
    </div>
  );
}
