// The tools of the board: what the pointer does, the size of the brush, the zoom, and what concerns the whole mask.

export type Tool = "paint" | "erase" | "lasso" | "move";

const TOOLS: readonly { tool: Tool; name: string; title: string }[] = [
  { tool: "paint", name: "Mark", title: "Paint over what is to be drawn anew" },
  { tool: "erase", name: "Erase", title: "Take marks away" },
  { tool: "lasso", name: "Lasso", title: "Mark what a line goes around; with Alt, take it away" },
  { tool: "move", name: "Move", title: "Move the picture. Two fingers and the middle button do so with every tool" },
];
const ZOOM_STEP = 1.5;

interface BoardToolsProps {
  tool: Tool;
  brushPercent: number;
  scale: number;
  undoable: boolean;
  clearable: boolean;
  onTool: (tool: Tool) => void;
  onBrushPercent: (brushPercent: number) => void;
  onZoom: (factor: number) => void;
  onUndo: () => void;
  onAll: (kind: "invert" | "clear") => void;
}

export function BoardTools({ tool, brushPercent, scale, undoable, clearable, onTool, onBrushPercent, onZoom, onUndo, onAll }: BoardToolsProps) {
  return (
    <div className="row tools">
      <div className="chips" role="group" aria-label="Tool">
        {TOOLS.map((each) => (
          <button
            key={each.tool}
            type="button"
            className="chip"
            title={each.title}
            aria-pressed={tool === each.tool}
            onClick={() => {
              onTool(each.tool);
            }}
          >
            {each.name}
          </button>
        ))}
      </div>
      <label className="size">
        <span className="sr-only">Brush size</span>
        <input
          type="range"
          min={2}
          max={60}
          value={brushPercent}
          onChange={(event) => {
            onBrushPercent(Number(event.target.value));
          }}
        />
      </label>
      <div className="row zoom" role="group" aria-label="Zoom">
        <button
          type="button"
          className="button small quiet"
          aria-label="Zoom out"
          disabled={scale <= 1}
          onClick={() => {
            onZoom(1 / ZOOM_STEP);
          }}
        >
          −
        </button>
        <button
          type="button"
          className="button small quiet number"
          aria-label={`Zoom ${Math.round(scale * 100)} %, show all of it`}
          disabled={scale <= 1}
          onClick={() => {
            onZoom(1 / scale);
          }}
        >
          {Math.round(scale * 100)} %
        </button>
        <button
          type="button"
          className="button small quiet"
          aria-label="Zoom in"
          onClick={() => {
            onZoom(ZOOM_STEP);
          }}
        >
          +
        </button>
      </div>
      <div className="row">
        <button type="button" className="button small quiet" disabled={!undoable} onClick={onUndo}>
          Undo
        </button>
        <button
          type="button"
          className="button small quiet"
          onClick={() => {
            onAll("invert");
          }}
        >
          Invert
        </button>
        <button
          type="button"
          className="button small quiet"
          disabled={!clearable}
          onClick={() => {
            onAll("clear");
          }}
        >
          Clear
        </button>
      </div>
    </div>
  );
}
