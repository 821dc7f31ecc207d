// What the team has drawn with a word lately.
import { useQuery } from "@tanstack/react-query";

import { generationsWith } from "../api/queries";
import type { Concept } from "../api/types";
import { Problems } from "../ui/Notice";

const SHOWN = 12;

export function RecentGenerations({ concept }: { concept: Concept }) {
  const generations = useQuery(generationsWith(concept.id));
  const images = generations.data?.flatMap((generation) =>
    generation.images.map((image) => ({ ...image, prompt: generation.prompt, by: generation.created_by.name })),
  );
  if (images === undefined || images.length === 0) return <Problems of={[generations]} />;
  return (
    <section className="report stack" aria-label="Drawn with it">
      <h2>Drawn with it</h2>
      <ul className="strip wide">
        {images.slice(0, SHOWN).map((image) => (
          <li key={image.id}>
            <img className="picture drawn" src={image.url} alt={image.prompt} title={`${image.prompt} (${image.by})`} loading="lazy" />
          </li>
        ))}
      </ul>
    </section>
  );
}
