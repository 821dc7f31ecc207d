// Lessons that come with the studio, for whoever has no pictures at hand: each opens the form filled in.
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { examples } from "../api/queries";

export function ExamplePicker() {
  const { data: items } = useQuery(examples);
  if (items === undefined || items.length === 0) return null;
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
