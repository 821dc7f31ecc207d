// The example data sets of the studio, for people without pictures of their own. Each opens the Teach form filled in.
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { examples } from "../api/queries";
import { Problems } from "../ui/Notice";

export function ExamplePicker() {
  const offered = useQuery(examples);
  const items = offered.data ?? [];
  if (items.length === 0) return <Problems of={[offered]} />;
  return (
    <div className="ready stack">
      <p className="small soft">No pictures at hand? Try one of these:</p>
      <ul>
        {items.map((example) => (
          <li key={example.id}>
            <Link href={`/teach?example=${example.id}`}>
              <img src={example.pictures[0]} alt="" loading="lazy" />
              <span className="small">{example.name}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
