// Strokes on a canvas, and the mask that is sent: white where something was painted, on black.
import type { Point, Size, Stroke } from "./initImage";

const COLOUR = "#ffd23f";

/** Draws all strokes on a cleared canvas. What is opaque is marked. */
export function drawStrokes(canvas: HTMLCanvasElement, strokes: readonly Stroke[]): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (const stroke of strokes) drawStroke(context, stroke);
}

function drawStroke(context: CanvasRenderingContext2D, stroke: Stroke): void {
  const { width, height } = context.canvas;
  context.save();
  context.fillStyle = context.strokeStyle = COLOUR;
  if (stroke.kind === "clear") context.clearRect(0, 0, width, height);
  else if (stroke.kind === "invert") {
    context.globalCompositeOperation = "source-out"; // the fill stays where nothing was
    context.fillRect(0, 0, width, height);
  } else {
    if (stroke.kind === "erase") context.globalCompositeOperation = "destination-out";
    if (stroke.area) fillArea(context, stroke.points);
    else drawLine(context, stroke.points, stroke.size);
  }
  context.restore();
}

function drawLine(context: CanvasRenderingContext2D, points: readonly { x: number; y: number }[], size: number): void {
  const [first, ...rest] = points;
  if (first === undefined) return;
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = size;
  context.beginPath();
  context.moveTo(first.x, first.y);
  if (rest.length === 0) context.lineTo(first.x + 0.01, first.y);
  for (const { x, y } of rest) context.lineTo(x, y);
  context.stroke();
}

/** Fills what a closed line goes around. A line that crosses itself marks everything inside of it. */
function fillArea(context: CanvasRenderingContext2D, points: readonly Point[]): void {
  trace(context, points);
  context.closePath();
  context.fill("nonzero");
}

/** The line of a lasso that is still being drawn, over the strokes. */
export function drawOutline(canvas: HTMLCanvasElement, points: readonly Point[]): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.save();
  context.lineWidth = Math.max(1, Math.min(canvas.width, canvas.height) / 200);
  context.strokeStyle = "#000";
  trace(context, points);
  context.stroke();
  context.restore();
}

function trace(context: CanvasRenderingContext2D, points: readonly Point[]): void {
  context.beginPath();
  for (const { x, y } of points) context.lineTo(x, y);
}

/** The mask as a PNG. */
export async function maskFile(strokes: readonly Stroke[], size: Size): Promise<File> {
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  drawStrokes(canvas, strokes);
  const context = canvas.getContext("2d");
  if (context !== null) {
    context.globalCompositeOperation = "source-in";
    context.fillStyle = "white";
    context.fillRect(0, 0, size.width, size.height);
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "black";
    context.fillRect(0, 0, size.width, size.height);
  }
  const blob = await new Promise<Blob | null>((done) => {
    canvas.toBlob(done, "image/png");
  });
  return new File(blob === null ? [] : [blob], "mask.png", { type: "image/png" });
}
