// Draws one slice: the plane in greys, first row at the bottom, outlines of masks, shapes, the cross and a scale bar.
import type { Plane, Vec3 } from "./grid";
import { axesOfSlice, cutBy, type Shape } from "./shapes";

export interface Fit {
  /** Dots per Å, and the place of the first voxel's middle. */
  scale: number;
  left: number;
  bottom: number;
  width: number;
  height: number;
}

/** How a plane of so many Å lies in a picture of so many dots. */
export function fitted(width: number, height: number, wide_A: number, high_A: number, voxel_A: number): Fit {
  const scale = Math.min(width / wide_A, height / high_A);
  return { scale, left: (width - wide_A * scale) / 2 + (voxel_A / 2) * scale, bottom: (height + high_A * scale) / 2 - (voxel_A / 2) * scale, width, height };
}

export const toDots = (fit: Fit, u_A: number, v_A: number): [number, number] => [fit.left + u_A * fit.scale, fit.bottom - v_A * fit.scale];
export const toPlace = (fit: Fit, x: number, y: number): [number, number] => [(x - fit.left) / fit.scale, (fit.bottom - y) / fit.scale];

const store = document.createElement("canvas");

/** 256 greys, as the canvas has its dots. */
export const GREYS: Uint32Array<ArrayBuffer> = new Uint32Array(256).map((_, grey) => 0xff000000 | (grey << 16) | (grey << 8) | grey);

/** The plane between two values as black and white, or in other colours; smooth but for large pixels. */
export function paintPlane(pen: CanvasRenderingContext2D, plane: Plane, fit: Fit, [low, high]: [number, number], voxel_A: number, colours = GREYS): void {
  const { columns, rows, values } = plane;
  if (store.width !== columns || store.height !== rows) [store.width, store.height] = [columns, rows];
  const inner = store.getContext("2d", { willReadFrequently: false })!;
  const image = inner.createImageData(columns, rows);
  const dots = new Uint32Array(image.data.buffer);
  const k = ((plane.high - plane.low) / 65535) * (255 / (high - low || 1)), base = ((plane.low - low) / (high - low || 1)) * 255;
  for (let j = 0; j < rows; j++)
    for (let i = 0, from = j * columns, to = (rows - 1 - j) * columns; i < columns; i++) {
      dots[to + i] = colours[Math.min(255, Math.max(0, base + values[from + i]! * k)) | 0]!;
    }
  inner.putImageData(image, 0, 0);
  const size = voxel_A * fit.scale;
  pen.imageSmoothingEnabled = size < 4;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(store, fit.left - size / 2, fit.bottom + size / 2 - rows * size, columns * size, rows * size);
}

/** Outlines of a mask, in Å. */
export function paintLines(pen: CanvasRenderingContext2D, lines: [number, number, number, number][], fit: Fit, first_A: number, voxel_A: number, colour: string): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.4;
  pen.beginPath();
  for (const [a, b, c, d] of lines) {
    pen.moveTo(...toDots(fit, first_A + a * voxel_A, first_A + b * voxel_A));
    pen.lineTo(...toDots(fit, first_A + c * voxel_A, first_A + d * voxel_A));
  }
  pen.stroke();
}

export function paintCross(pen: CanvasRenderingContext2D, fit: Fit, axis: 0 | 1 | 2, cross: Vec3): void {
  const [u, v] = axesOfSlice(axis);
  const [x, y] = toDots(fit, cross[u], cross[v]);
  pen.save();
  pen.setLineDash([3, 3]);
  pen.lineWidth = 1;
  pen.strokeStyle = "rgb(255 255 255 / .5)";
  pen.beginPath();
  for (const [from, to] of [[0, x - 7], [x + 7, fit.width]] as const) {
    pen.moveTo(from, Math.round(y) + 0.5);
    pen.lineTo(to, Math.round(y) + 0.5);
  }
  for (const [from, to] of [[0, y - 7], [y + 7, fit.height]] as const) {
    pen.moveTo(Math.round(x) + 0.5, from);
    pen.lineTo(Math.round(x) + 0.5, to);
  }
  pen.stroke();
  pen.restore();
}

/** Circles and rectangles where shapes are cut; the chosen one with its handle. `flat`: the whole shape, as in a projection. */
export function paintShapes(pen: CanvasRenderingContext2D, fit: Fit, axis: 0 | 1 | 2, at_A: number, shapes: Shape[], selected: number, flat: boolean): void {
  shapes.forEach((shape, n) => {
    if (shape.shape === "threshold") return;
    const cut = cutBy(shape, axis, flat ? [shape.x_A, shape.y_A, shape.z_A][axis]! : at_A);
    if (!cut) return;
    const colour = shape.how === "add" ? "#4fd8f5" : "#f6ae20";
    const [x, y] = toDots(fit, cut.u, cut.v);
    for (const [width, style] of [[3.6, "rgb(12 14 16 / .7)"], [1.8, colour]] as const) {
      pen.lineWidth = width;
      pen.strokeStyle = style;
      pen.setLineDash(n === selected ? [] : [5, 3]);
      pen.beginPath();
      if (cut.round) pen.arc(x, y, cut.half_u * fit.scale, 0, 2 * Math.PI);
      else pen.rect(x - cut.half_u * fit.scale, y - cut.half_v * fit.scale, 2 * cut.half_u * fit.scale, 2 * cut.half_v * fit.scale);
      pen.stroke();
    }
    pen.setLineDash([]);
    if (n !== selected) return;
    for (const [hx, hy, size] of [[x, y, 3], [x + cut.half_u * fit.scale, y, 4.5]] as const) {
      pen.beginPath();
      pen.arc(hx, hy, size, 0, 2 * Math.PI);
      pen.fillStyle = colour;
      pen.fill();
      pen.strokeStyle = "rgb(12 14 16 / .9)";
      pen.lineWidth = 1.2;
      pen.stroke();
    }
  });
}

export function paintBar(pen: CanvasRenderingContext2D, fit: Fit, length_A: number): void {
  const long = length_A * fit.scale;
  const [x, y] = [fit.width - 8 - long, fit.height - 9];
  pen.fillStyle = "rgb(12 14 16 / .8)";
  pen.fillRect(x - 1.5, y - 1.5, long + 3, 5);
  pen.fillStyle = "#e9eef3";
  pen.fillRect(x, y, long, 2);
  pen.font = "11px Inter, sans-serif";
  pen.textAlign = "right";
  pen.lineWidth = 3;
  pen.strokeStyle = "rgb(12 14 16 / .8)";
  pen.strokeText(`${length_A} Å`, x + long, y - 5);
  pen.fillText(`${length_A} Å`, x + long, y - 5);
}
