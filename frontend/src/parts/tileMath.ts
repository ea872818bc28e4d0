// Where tiles stand in a gallery, which are in sight, and which a key or a drawn box means. No drawing here.

export interface Layout {
  columns: number;
  rows: number;
  /** Width and height of a tile's place, gap included. */
  stepX: number;
  stepY: number;
  tile: number;
  total: number;
}

export const GAP_X = 8;
export const GAP_Y = 10;

/** Tiles of at least `wish` pixels that fill the width. */
export function layOut(count: number, width: number, wish: number, caption: number): Layout {
  const columns = Math.max(1, Math.floor((width + GAP_X) / (wish + GAP_X)));
  const tile = Math.max(24, Math.min(Math.floor((width - GAP_X * (columns - 1)) / columns), wish * 1.6));
  const stepY = tile + caption + GAP_Y;
  const rows = Math.ceil(count / columns);
  return { columns, rows, stepX: tile + GAP_X, stepY, tile, total: rows * stepY };
}

/** First and last place (exclusive) that are in sight, with two rows more at each end. */
export function inSight(layout: Layout, count: number, top: number, height: number): [number, number] {
  const first = Math.max(0, Math.floor(top / layout.stepY) - 2);
  const last = Math.min(layout.rows, Math.ceil((top + height) / layout.stepY) + 2);
  return [first * layout.columns, Math.min(count, last * layout.columns)];
}

/** Where a key moves the cursor; null when the key moves nothing. */
export function moved(key: string, at: number, count: number, columns: number, page: number): number | null {
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, PageDown: columns * page, PageUp: -columns * page }[key];
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (by === undefined) return null;
  const next = at + by;
  if (Math.abs(by) === columns && (next < 0 || next >= count)) return at;
  return Math.max(0, Math.min(count - 1, next));
}

export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** The places whose pictures a drawn box touches. */
export function touched(layout: Layout, count: number, box: Box): number[] {
  const [left, right] = [Math.min(box.x0, box.x1), Math.max(box.x0, box.x1)];
  const [top, bottom] = [Math.min(box.y0, box.y1), Math.max(box.y0, box.y1)];
  const found: number[] = [];
  for (let row = Math.max(0, Math.floor(top / layout.stepY)); row <= Math.min(layout.rows - 1, Math.floor(bottom / layout.stepY)); row++)
    for (let column = Math.max(0, Math.floor(left / layout.stepX)); column <= Math.min(layout.columns - 1, Math.floor(right / layout.stepX)); column++) {
      const [x, y] = [column * layout.stepX, row * layout.stepY];
      const place = row * layout.columns + column;
      if (place < count && left <= x + layout.tile && right >= x && top <= y + layout.tile && bottom >= y) found.push(place);
    }
  return found;
}

/** The places from one to another, both included. */
export function between(from: number, to: number): number[] {
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  return Array.from({ length: high - low + 1 }, (_, k) => low + k);
}
