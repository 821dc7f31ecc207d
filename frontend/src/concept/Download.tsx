// The word as a file of a few KB, in the format of whatever tool it is wanted for.
import type { Concept, Version } from "../api/types";

const TOOLS: Record<string, string> = {
  oneword: "Oneword",
  diffusers: "diffusers",
  "diffusers-2": "diffusers, second encoder",
  a1111: "AUTOMATIC1111, Forge",
  kohya: "ComfyUI, kohya, InvokeAI",
  onetrainer: "OneTrainer",
};

export function Download({ concept, embedding }: { concept: Concept; embedding: NonNullable<Version["embedding"]> }) {
  return (
    <div className="stack">
      <h2>Take it elsewhere</h2>
      <p className="small soft">The whole word is a file of {(embedding.bytes / 1000).toFixed(1)} KB. Choose the tool it is for.</p>
      <div className="chips">
        {embedding.formats.map((format) => (
          <a key={format} className="chip plain" href={`/api/concepts/${concept.id}/embedding?format=${format}`} download>
            {TOOLS[format] ?? format}
          </a>
        ))}
      </div>
    </div>
  );
}
