// Draws one strip: a value over the order of acquisition, its points in the colours of their verdicts, and its histogram.
import { colour } from "../../app/theme";
import { isKept, type Range } from "./judge";

export interface StripScale {
  low: number;
  high: number;
}

const EDGE = 6;

/** The span that a strip shows: nearly all values and both limits, so that one wild value does not flatten the rest. */
export function scaleOf(values: Float64Array, range: Range | undefined): StripScale {
  const sorted = values.filter((value) => Number.isFinite(value)).sort();
  if (!sorted.length) return { low: 0, high: 1 };
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  let [low, high] = [at(0.002), at(0.99)];
  const spread = high - low || Math.abs(high) || 1;
  low = Math.max(sorted[0]!, low - 0.1 * spread);
  high = Math.min(sorted[sorted.length - 1]!, high + 0.35 * spread);
  for (const limit of range ?? []) if (limit !== null) [low, high] = [Math.min(low, limit), Math.max(high, limit)];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  return { low: low - room, high: high + room };
}

export const yOf = (value: number, scale: StripScale, height: number) => EDGE + ((scale.high - value) / (scale.high - scale.low)) * (height - 2 * EDGE);
export const valueAt = (y: number, scale: StripScale, height: number) => scale.high - ((y - EDGE) / (height - 2 * EDGE)) * (scale.high - scale.low);
const xOf = (place: number, total: number, width: number) => 3 + ((place + 0.5) / Math.max(1, total)) * (width - 6);

export interface StripData {
  values: Float64Array;
  /** Place on the x axis of each micrograph. */
  places: Uint32Array;
  verdicts: Uint8Array;
  marked: ReadonlySet<number>;
  range: Range | undefined;
  scale: StripScale;
  at: number;
  /** Places at which a new group begins. */
  groups: number[];
}

function fitted(canvas: HTMLCanvasElement): { pen: CanvasRenderingContext2D; width: number; height: number } {
  const density = Math.min(devicePixelRatio || 1, 2);
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
  }
  const pen = canvas.getContext("2d")!;
  pen.setTransform(density, 0, 0, density, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

function shade(pen: CanvasRenderingContext2D, data: StripData, width: number, height: number): void {
  const [low, high] = data.range ?? [null, null];
  pen.fillStyle = colour("--sunken");
  if (high !== null) pen.fillRect(0, 0, width, Math.max(0, yOf(high, data.scale, height)));
  if (low !== null) {
    const y = yOf(low, data.scale, height);
    pen.fillRect(0, y, width, height - y);
  }
}

/** A colour of a token such as "#2a7cf0" as one number of a picture's bytes. */
function packed(token: string, alpha: number): number {
  const value = parseInt(colour(token).slice(1), 16);
  return ((Math.round(alpha * 255) << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

const layers = new WeakMap<HTMLCanvasElement, HTMLCanvasElement>();

/** All points as bytes of one picture, since that is what lets 10,000 of them in four strips follow the hand. */
function points(canvas: HTMLCanvasElement, pen: CanvasRenderingContext2D, data: StripData, size: { width: number; height: number }): void {
  const { values, places, scale, verdicts, marked } = data;
  const { width, height } = size;
  const density = canvas.width / width;
  const usual = values.length > 3000 ? 2 : values.length > 400 ? 2.5 : 4;
  const alpha = values.length > 1000 ? 0.75 : 1;
  const [kept, out, mark] = [packed("--s1", alpha), packed("--s5", alpha), packed("--mark", 1)];
  const picture = new ImageData(canvas.width, canvas.height);
  const bytes = new Uint32Array(picture.data.buffer);
  for (const layer of marked.size ? [0, 1, 2] : [0, 1])
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!;
      const good = isKept(verdicts[row]);
      if (value !== value || (layer === 2 ? !marked.has(row) : good !== (layer === 1))) continue;
      const side = Math.round((layer === 2 ? usual + 1.5 : usual) * density);
      const left = Math.round(xOf(places[row]!, values.length, width) * density - side / 2);
      const top = Math.round(Math.min(height - 3, Math.max(3, yOf(value, scale, height))) * density - side / 2);
      for (let y = Math.max(0, top); y < Math.min(canvas.height, top + side); y++)
        for (let x = Math.max(0, left); x < Math.min(canvas.width, left + side); x++) bytes[y * canvas.width + x] = layer === 2 ? mark : layer === 1 ? kept : out;
    }
  const layer = layers.get(canvas) ?? document.createElement("canvas");
  layers.set(canvas, layer);
  layer.width = canvas.width;
  layer.height = canvas.height;
  layer.getContext("2d")!.putImageData(picture, 0, 0);
  pen.drawImage(layer, 0, 0, width, height);
}

export function drawStrip(canvas: HTMLCanvasElement, data: StripData): void {
  const { pen, width, height } = fitted(canvas);
  if (!width || !height) return;
  shade(pen, data, width, height);
  pen.fillStyle = colour("--line");
  for (const place of data.groups) pen.fillRect(xOf(place - 0.5, data.values.length, width), 0, 1, height);
  points(canvas, pen, data, { width, height });
  if (data.at >= 0) {
    pen.fillStyle = colour("--ink");
    pen.fillRect(xOf(data.places[data.at]!, data.values.length, width) - 0.5, 0, 1, height);
  }
}

export const BINS = 30;

export function drawHistogram(canvas: HTMLCanvasElement, data: StripData): void {
  const { pen, width, height } = fitted(canvas);
  if (!width || !height) return;
  shade(pen, data, width, height);
  const { low, high } = data.scale;
  const counts = new Uint32Array(BINS);
  for (const value of data.values) {
    if (Number.isNaN(value)) continue;
    counts[Math.max(0, Math.min(BINS - 1, Math.floor(((value - low) / (high - low)) * BINS)))]!++;
  }
  const most = Math.max(1, ...counts);
  const [least, limit] = [data.range?.[0] ?? -Infinity, data.range?.[1] ?? Infinity];
  counts.forEach((count, bin) => {
    if (!count) return;
    const middle = low + ((bin + 0.5) / BINS) * (high - low);
    const top = yOf(low + ((bin + 1) / BINS) * (high - low), data.scale, height);
    const bottom = yOf(low + (bin / BINS) * (high - low), data.scale, height);
    pen.fillStyle = colour(middle >= least && middle <= limit ? "--s1" : "--line-strong");
    pen.fillRect(4, top, Math.max(1.5, (count / most) * (width - 8)), Math.max(1, bottom - top - 1));
  });
}

/** The micrograph nearest to a place in a strip, within a few pixels; -1 for none. */
export function nearest(data: StripData, x: number, y: number, size: { width: number; height: number }, reach = 14): number {
  let [best, least] = [-1, reach * reach];
  for (let row = 0; row < data.values.length; row++) {
    const value = data.values[row]!;
    if (Number.isNaN(value)) continue;
    const dx = xOf(data.places[row]!, data.values.length, size.width) - x;
    if (dx > reach || dx < -reach) continue;
    const dy = Math.min(size.height - 3, Math.max(3, yOf(value, data.scale, size.height))) - y;
    const far = dx * dx + dy * dy;
    if (far < least) [best, least] = [row, far];
  }
  return best;
}

/** The micrographs in a box drawn in a strip. */
export function inBox(data: StripData, box: { x0: number; y0: number; x1: number; y1: number }, size: { width: number; height: number }): number[] {
  const [left, right] = [Math.min(box.x0, box.x1), Math.max(box.x0, box.x1)];
  const [top, bottom] = [Math.min(box.y0, box.y1), Math.max(box.y0, box.y1)];
  const found: number[] = [];
  for (let row = 0; row < data.values.length; row++) {
    const value = data.values[row]!;
    if (Number.isNaN(value)) continue;
    const x = xOf(data.places[row]!, data.values.length, size.width);
    const y = Math.min(size.height - 3, Math.max(3, yOf(value, data.scale, size.height)));
    if (x >= left && x <= right && y >= top && y <= bottom) found.push(row);
  }
  return found;
}
