// The cells of a grid in their table: pictures, latent previews of those that are being drawn, and empty frames.
import type { DrawnImage } from "../api/types";
import type { DrawnEvent, LatentPreview } from "../jobs/jobEvents";
import { Placeholder, Prompt } from "../ui/Placeholder";
import { AXIS_NAMES, type GridTable as Table } from "./gridTable";
import type { Grid, GridAxis } from "./types";

interface GridTableProps {
  grid: Grid;
  table: Table;
  drawing: boolean;
  early: readonly DrawnEvent[];
  previews: readonly LatentPreview[];
  onOpen: (image: DrawnImage) => void;
}

export function GridTable({ grid, table, drawing, early, previews, onOpen }: GridTableProps) {
  const images = new Map(grid.images.map((image) => [image.index, image]));
  const drawn = new Map(early.map((image) => [image.index, image]));
  const coming = new Map(previews.map((preview) => [preview.index, preview]));
  return (
    <div className="grid-scroll whole-grid" tabIndex={0} role="region" aria-label={`The pictures of ${grid.prompt}`}>
      <table className="cells" data-wide={table.rows[0] && table.rows[0].cells.length > 5}>
        {table.across && (
          <thead>
            <tr>
              {table.down.map((axis) => (
                <td key={axis.name} className="corner small soft">
                  {AXIS_NAMES[axis.name]}
                </td>
              ))}
              {table.across.values.map((value) => (
                <th key={String(value)} scope="col">
                  <AxisValue axis={table.across} value={value} />
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {table.rows.map((row) => (
            <tr key={row.cells[0]}>
              {row.labels.map(
                ({ axis, value, span }) =>
                  span > 0 && (
                    <th key={axis.name} scope={span > 1 ? "rowgroup" : "row"} rowSpan={span} data-axis={axis.name}>
                      <AxisValue axis={axis} value={value} />
                    </th>
                  ),
              )}
              {row.cells.map((index) => (
                <td key={index}>
                  <Cell
                    label={labelOf(grid, index)}
                    shape={grid}
                    image={images.get(index)}
                    url={drawn.get(index)?.url}
                    preview={coming.get(index)?.url}
                    drawing={drawing}
                    onOpen={onOpen}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CellProps {
  label: string;
  shape: Grid;
  image: DrawnImage | undefined;
  url: string | undefined;
  preview: string | undefined;
  drawing: boolean;
  onOpen: (image: DrawnImage) => void;
}

function Cell({ label, shape, image, url, preview, drawing, onOpen }: CellProps) {
  const { width, height } = shape.recipe as { width?: number; height?: number };
  const style = width && height ? { aspectRatio: `${width} / ${height}` } : undefined;
  if (image !== undefined) {
    return (
      <button
        type="button"
        onClick={() => {
          onOpen(image);
        }}
      >
        <img className="picture drawn" style={style} src={image.url} alt={label} loading="lazy" />
      </button>
    );
  }
  if (url !== undefined) return <img className="picture drawn" style={style} src={url} alt={label} />;
  if (drawing && preview !== undefined) {
    return <img className="picture drawn latent-preview" style={style} src={preview} alt={`${label}, still being drawn`} />;
  }
  return <div className={`picture${drawing ? " waiting" : ""}`} style={style} role="img" aria-label={`${label}, not drawn`} />;
}

/** The values of a cell in words, for those who cannot see its place. */
function labelOf(grid: Grid, index: number): string {
  const parts: string[] = [];
  let rest = index;
  for (const axis of [...grid.grid.axes].reverse()) {
    parts.unshift(textOf(axis, axis.values[rest % axis.values.length] ?? ""));
    rest = Math.floor(rest / axis.values.length);
  }
  return parts.join(", ");
}

function textOf(axis: GridAxis, value: GridAxis["values"][number]): string {
  if (axis.name === "seeds") return `seed ${value}`;
  if (axis.name === "guidance") return `guidance ${value}`;
  return axis.name === "versions" ? `version ${value}` : String(value);
}

export function AxisValue({ axis, value }: { axis: GridAxis | null; value: GridAxis["values"][number] }) {
  if (axis === null) return null;
  if (axis.name === "concepts") return <Placeholder>{String(value)}</Placeholder>;
  if (axis.name === "prompts") return <Prompt>{String(value)}</Prompt>;
  return textOf(axis, value);
}
