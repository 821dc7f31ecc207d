// The sizes that the base model likes, as chips in their shape. Any other size is written into the fields.
import type { BaseModel } from "../api/types";
import type { GenerationValues } from "./generationValues";
import { sizesFor } from "./sizes";

interface SizeChipsProps {
  values: Pick<GenerationValues, "width" | "height">;
  model: BaseModel | undefined;
  onChange: (part: Pick<GenerationValues, "width" | "height">) => void;
}

export function SizeChips({ values, model, onChange }: SizeChipsProps) {
  const own = String(model?.resolution ?? "");
  const [across, down] = [values.width || own, values.height || own];
  return (
    <div className="chips" role="group" aria-label="Size">
      {sizesFor(model).map(({ name, width, height }) => (
        <button
          key={name}
          type="button"
          className="chip size-chip"
          title={`${width} × ${height} pixels`}
          aria-pressed={across === String(width) && down === String(height)}
          onClick={() => {
            onChange(width === height ? { width: "", height: "" } : { width: String(width), height: String(height) });
          }}
        >
          <i style={{ aspectRatio: `${width} / ${height}`, [width >= height ? "width" : "height"]: 14 }} aria-hidden="true" />
          {name}
        </button>
      ))}
    </div>
  );
}
