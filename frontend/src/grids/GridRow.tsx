// A grid among the drawings: its first pictures, and the way to all of them.
import { Link } from "wouter";

import { DeleteGeneration } from "../draw/DeleteGeneration";
import { Icon } from "../ui/Icon";
import { Prompt } from "../ui/Placeholder";
import { RelativeTime } from "../ui/RelativeTime";
import { isBeingDrawn } from "../api/queries";
import { severalOf } from "./gridTable";
import type { Grid } from "./types";

export function GridRow({ grid }: { grid: Grid }) {
  const sizes = severalOf(grid.grid.axes).map((axis) => axis.values.length);
  const drawing = isBeingDrawn(grid);
  return (
    <article className="generation" aria-label={grid.prompt}>
      <header className="row">
        <p className="asked">
          <Link href={`/grids/${grid.id}`}>
            <Prompt>{grid.prompt}</Prompt>
          </Link>
        </p>
        <span className="small soft">
          {sizes.length > 1 ? `Grid of ${sizes.join(" × ")}` : `Grid of ${grid.count}`} · <RelativeTime time={grid.created_at} /> ·{" "}
          {grid.created_by.name}
        </span>
        {!drawing && grid.may_change && <DeleteGeneration generation={grid} />}
      </header>
      <Link className="grid-strip" href={`/grids/${grid.id}`} aria-label={`Open the grid ${grid.prompt}`}>
        {Array.from({ length: Math.min(8, grid.count) }, (_, index) => {
          const image = grid.images.find((each) => each.index === index);
          return image ? (
            <img key={index} className="picture drawn" src={image.url} alt="" loading="lazy" />
          ) : (
            <span key={index} className={`picture${drawing ? " waiting" : ""}`} />
          );
        })}
        <span className="button small">
          Open the grid <Icon name="after" size={16} />
        </span>
      </Link>
    </article>
  );
}
