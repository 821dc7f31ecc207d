// The word as a file of a few KB, in the format of whatever tool it is wanted for, and where the file goes there.
import type { Concept, Version } from "../api/types";
import { Icon } from "../ui/Icon";
import { fileSize } from "../ui/numbers";

interface Tool {
  name: string;
  /** Where the file goes, in one line. `{}` stands for the placeholder without its brackets. */
  goes: string;
}

const TOOLS: Record<string, Tool> = {
  oneword: { name: "Oneword", goes: "Another studio: Library, then Import" },
  diffusers: { name: "diffusers", goes: "pipe.load_textual_inversion(file)" },
  "diffusers-2": { name: "diffusers, second encoder", goes: "load_textual_inversion(file, text_encoder=pipe.text_encoder_2)" },
  "diffusers-bin": { name: "diffusers, as .bin", goes: "For scripts that cannot read safetensors: load_textual_inversion(file)" },
  a1111: { name: "AUTOMATIC1111, Forge", goes: "Folder embeddings/; in a prompt, write the file’s name" },
  "a1111-card": { name: "Picture card", goes: "A picture that holds the word: folder embeddings/" },
  kohya: { name: "ComfyUI, kohya, InvokeAI", goes: "ComfyUI: models/embeddings/, then embedding:{} in a prompt" },
  onetrainer: { name: "OneTrainer", goes: "Tab Embedding, field Base embedding" },
  official: { name: "The paper’s own code", goes: "scripts/txt2img.py --embedding_path file" },
  "cog-sdxl": { name: "Replicate (cog-sdxl)", goes: "Into the tar file of the trained weights" },
  "sd-concepts-library": { name: "Library folder", goes: "Unpack it, and upload the folder to a model hub" },
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
        The whole word is a file of {fileSize(embedding.bytes)}:{" "}
        {version.vectors === 1 ? "one vector" : `${version.vectors} vectors`}
        {widths && ` of ${widths} numbers`}, for {concept.base_model} and models of its kind.
      </p>
      <Files concept={concept} formats={USUAL.filter((format) => embedding.formats.includes(format))} />
      {rest.length > 0 && (
        <details>
          <summary>More formats</summary>
          <Files concept={concept} formats={rest} />
        </details>
      )}
    </div>
  );
}

function Files({ concept, formats }: { concept: Concept; formats: readonly string[] }) {
  const word = concept.placeholder.replace(/[<>]/g, "");
  return (
    <ul className="files" data-arrows>
      {formats.map((format) => {
        const tool = TOOLS[format] ?? { name: format, goes: "" };
        return (
          <li key={format}>
            <a href={`/api/concepts/${concept.id}/embedding?format=${format}`} download>
              <Icon name="download" size={18} />
              <span>
                <b>{tool.name}</b>
                <span className="small soft">{tool.goes.replace("{}", word)}</span>
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}
