// Where in a picture one looks, as plain numbers: from image pixels to the screen and back, fitting, zooming, tiles, scale bar.

/** x, y: the image pixel in the middle of the screen; zoom: screen pixels (CSS) to one image pixel. */
export interface View {
  x: number;
  y: number;
  zoom: number;
}
export interface Size {
  width: number;
  height: number;
}
/** A level of the server's pyramid. */
export interface Level extends Size {
  level: number;
  block: number;
}
export interface TilePlace {
  level: number;
  x: number;
  y: number;
  /** Distance from the middle of the screen, in tiles. */
  far: number;
}

const MOST_ZOOM = 16;

export function toScreen(view: View, screen: Size, x: number, y: number): [number, number] {
  return [(x - view.x) * view.zoom + screen.width / 2, (y - view.y) * view.zoom + screen.height / 2];
}

export function toImage(view: View, screen: Size, x: number, y: number): [number, number] {
  return [(x - screen.width / 2) / view.zoom + view.x, (y - screen.height / 2) / view.zoom + view.y];
}

/** The view that shows the whole image. */
export function fitView(image: Size, screen: Size): View {
  const zoom = Math.min(screen.width / image.width, screen.height / image.height);
  return { x: image.width / 2, y: image.height / 2, zoom: Number.isFinite(zoom) && zoom > 0 ? zoom : 1 };
}

/** The view with the image still on the screen, and neither lost in the distance nor nearer than 16 to 1. */
export function heldView(view: View, image: Size, screen: Size): View {
  const least = fitView(image, screen).zoom;
  const zoom = Math.min(Math.max(view.zoom, Math.min(least, 1) * 0.5), Math.max(MOST_ZOOM, least));
  return { zoom, x: held(view.x, image.width, screen.width / zoom), y: held(view.y, image.height, screen.height / zoom) };
}

function held(middle: number, length: number, seen: number): number {
  if (seen >= length) return Math.min(Math.max(middle, length / 2 - (seen - length) / 2), length / 2 + (seen - length) / 2);
  return Math.min(Math.max(middle, seen / 2), length - seen / 2);
}

/** Nearer or farther by a factor, with the image pixel under a point of the screen held in its place. */
export function zoomAt(view: View, screen: Size, factor: number, at?: [number, number]): View {
  const [sx, sy] = at ?? [screen.width / 2, screen.height / 2];
  const [x, y] = toImage(view, screen, sx, sy);
  const zoom = view.zoom * factor;
  return { zoom, x: x - (sx - screen.width / 2) / zoom, y: y - (sy - screen.height / 2) / zoom };
}

/** The coarsest level that gives every device pixel its own; the finest when none does, undefined when the first picture will do. */
export function levelFor(levels: Level[], firstBlock: number, zoom: number, density: number): Level | undefined {
  const wanted = 1 / (zoom * density);
  if (firstBlock <= wanted * 1.01) return undefined;
  return levels.find((level) => level.block <= wanted * 1.01) ?? levels[levels.length - 1];
}

/** The tiles of a level on the screen, nearest to its middle first. */
export function tilesInView(level: Level, tile: number, view: View, screen: Size): TilePlace[] {
  const side = tile * level.block;
  const [left, top] = toImage(view, screen, 0, 0);
  const [right, bottom] = toImage(view, screen, screen.width, screen.height);
  const last = { x: Math.ceil(level.width / tile) - 1, y: Math.ceil(level.height / tile) - 1 };
  const found: TilePlace[] = [];
  for (let y = Math.max(0, Math.floor(top / side)); y <= Math.min(last.y, Math.floor(bottom / side)); y++)
    for (let x = Math.max(0, Math.floor(left / side)); x <= Math.min(last.x, Math.floor(right / side)); x++)
      found.push({ level: level.level, x, y, far: Math.hypot(x + 0.5 - view.x / side, y + 0.5 - view.y / side) });
  return found.sort((a, b) => a.far - b.far);
}

/** A scale bar of a round length, about a fifth of the width; in image pixels where the pixel size is not known. */
export function scaleBar(zoom: number, pixelSizeA: number, width: number): { px: number; words: string } {
  const unit = pixelSizeA > 0 ? pixelSizeA : 1;
  const room = ((width / 5) * unit) / zoom;
  const power = 10 ** Math.floor(Math.log10(room));
  const length = [5, 2, 1].map((step) => step * power).find((step) => step <= room) ?? power;
  const px = (length / unit) * zoom;
  if (pixelSizeA <= 0) return { px, words: `${length} px` };
  return { px, words: length >= 100 ? `${Number((length / 10).toPrecision(3))} nm` : `${Number(length.toPrecision(3))} Å` };
}

/** The filter by which the browser narrows grey levels of +-6 s.d. to black at `low` and white at `high` s.d. */
export function toneFilter(low: number, high: number, invert: boolean): string {
  const [black, white] = [(low + 6) / 12, (high + 6) / 12];
  const slope = 1 / Math.max(white - black, 1e-3);
  const contrast = 1 + 2 * black * slope;
  const words = `brightness(${(slope / contrast).toFixed(4)}) contrast(${contrast.toFixed(4)})`;
  return invert ? `${words} invert(1)` : words;
}
