// What the base models are, in plain words; above all what the demo model is not, and how a real one is switched on.
import { useQuery } from "@tanstack/react-query";

import { baseModels } from "../api/queries";
import type { BaseModel } from "../api/types";
import { Problems } from "../ui/Notice";

export function AboutBaseModels() {
  const offered = useQuery(baseModels);
  const models = offered.data;
  if (models === undefined) return <Problems of={[offered]} />;
  return (
    <section className="sheet stack" aria-label="Base models">
      <h2>{models.length === 1 ? "The model behind it" : "The models behind it"}</h2>
      {models.map((model) => (
        <div key={model.id} className="stack tight">
          <h3>{model.name}</h3>
          {model.ready ? <p className="soft">{described(model)}</p> : <p className="soft">Not ready: {model.not_ready_reason}</p>}
        </div>
      ))}
      <RealModels onlyDemo={models.every((model) => model.id === "demo")} />
    </section>
  );
}

function described(model: BaseModel): string {
  const facts = `Draws ${model.resolution} × ${model.resolution} pixels${model.family ? ` (${model.family})` : ""}.`;
  if (model.id !== "demo") return [model.description, facts].filter(Boolean).join(" ");
  return (
    "It comes with the studio, so that you can see everything work within minutes, without a graphics card. It is tiny: " +
    `it knows one small cartoon world of creatures and things, and draws ${model.resolution} × ${model.resolution} pixels. ` +
    "Teach it from photos of real things and it will draw their cartoon cousins."
  );
}

function RealModels({ onlyDemo }: { onlyDemo: boolean }) {
  return (
    <details>
      <summary>{onlyDemo ? "Use a real model" : "Use another model"}</summary>
      <div className="stack small">
        <p>
          One setting names the base models that this studio may use: folders, or names on the Hugging Face hub with a
          pinned revision. The first is the default. For example:
        </p>
        <pre>
          {"ONEWORD_BASE_MODELS=stable-diffusion-v1-5/stable-diffusion-v1-5@<revision>,demo\n"}
          {".venv/bin/oneword pull stable-diffusion-v1-5/stable-diffusion-v1-5@<revision>"}
        </pre>
        <p>
          Stable Diffusion 1.5 is about 4 GB and draws 512 × 512; it wants a graphics card with 8 GB of memory or more. Teaching
          a word then takes minutes; on a processor alone it takes hours. SD 2 and SDXL work the same way.
        </p>
        <p>A word belongs to the base model it was learned on, because it is written in that model’s own numbers.</p>
      </div>
    </details>
  );
}
