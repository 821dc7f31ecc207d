// The sheet over a picture on which is painted what is not learned from, and the mask that is sent: black there, white
// elsewhere.
import type { Sides } from "./square";

export interface Point {
  x: number;
  y: number;
}

const SIDE_MAX = 768; // pixels of the longer side of a mask
const VEIL = "rgb(22, 20, 16)";

/** The size of a picture's mask. */
export function boardSize({ width, height }: Sides): Sides {
  const scale = Math.min(1, SIDE_MAX / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Paints a line of the brush; with `erase` it takes away. */
export function drawLine(context: CanvasRenderingContext2D, from: Point, to: Point, size: number, erase: boolean): void {
  context.save();
  context.globalCompositeOperation = erase ? "destination-out" : "source-over";
  context.strokeStyle = VEIL;
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = size;
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x + 0.01, to.y);
  context.stroke();
  context.restore();
}

/** Shows a mask in the place of what is painted. */
export async function drawMask(canvas: HTMLCanvasElement, mask: Blob): Promise<void> {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return;
  const { width, height } = canvas;
  const picture = await createImageBitmap(mask);
  context.save();
  context.globalCompositeOperation = "copy";
  context.drawImage(picture, 0, 0, width, height);
  context.restore();
  const drawn = context.getImageData(0, 0, width, height);
  for (let at = 0; at < drawn.data.length; at += 4) {
    drawn.data[at + 3] = 255 - (drawn.data[at] ?? 0); // black becomes the veil, white nothing
    drawn.data[at] = 22;
    drawn.data[at + 1] = 20;
    drawn.data[at + 2] = 16;
  }
  context.putImageData(drawn, 0, 0);
}

/** Whether anything is painted. */
export function leavesOut(canvas: HTMLCanvasElement): boolean {
  const { data } = canvas.getContext("2d", { willReadFrequently: true })?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
  for (let at = 3; at < data.length; at += 4) if ((data[at] ?? 0) > 127) return true;
  return false;
}

/** The mask as a PNG. `name` is that of its picture. */
export async function maskFile(canvas: HTMLCanvasElement, name: string): Promise<File> {
  const sheet = document.createElement("canvas");
  sheet.width = canvas.width;
  sheet.height = canvas.height;
  const context = sheet.getContext("2d");
  if (context !== null) {
    context.drawImage(canvas, 0, 0);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = "black";
    context.fillRect(0, 0, sheet.width, sheet.height);
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "white";
    context.fillRect(0, 0, sheet.width, sheet.height);
  }
  const blob = await new Promise<Blob | null>((done) => {
    sheet.toBlob(done, "image/png");
  });
  return new File(blob === null ? [] : [blob], `${name}-mask.png`, { type: "image/png" });
}
