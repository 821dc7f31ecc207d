// Lessons that come with the studio, for whoever has no pictures at hand: each opens the form filled in.
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { readyLessons } from "../api/queries";

export function ReadyLessons() {
  const { data: lessons } = useQuery(readyLessons);
  if (lessons === undefined || lessons.length === 0) return null;
  return (
    <div className="ready stack">
      <p className="small soft">No pictures at hand? Try one of these:</p>
      <ul>
        {lessons.map((lesson) => (
          <li key={lesson.id}>
            <Link href={`/teach?lesson=${lesson.id}`}>
              <img src={lesson.pictures[0]} alt="" loading="lazy" />
              <span className="small">{lesson.name}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
