// Which of a million points lie in an outline: the outline is drawn into a bitmap and looked up; only cells on its edge are reckoned.
// The sums are those of the selection job, so that the count that is seen is the count that is kept.

export interface Frame {
  x0: number;
  x1: number;
  y0: number;
  y1: number;
}

export type Point = [x: number, y: number];

const SIDE = 1024;
const EDGE = 2;
const INSIDE = 1;

/** Whether a point lies in a closed outline, by the even-odd rule. */
export function inOutline(points: Point[], x: number, y: number): boolean {
  let odd = false;
  for (let i = 0, before = points.length - 1; i < points.length; before = i++) {
    const [x1, y1] = points[i]!;
    const [x2, y2] = points[before]!;
    if (y1 !== y2 && y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
  }
  return odd;
}

/** The frame of an outline. */
export function frameOf(points: Point[]): Frame {
  const frame = { x0: Infinity, x1: -Infinity, y0: Infinity, y1: -Infinity };
  for (const [x, y] of points) {
    frame.x0 = Math.min(frame.x0, x);
    frame.x1 = Math.max(frame.x1, x);
    frame.y0 = Math.min(frame.y0, y);
    frame.y1 = Math.max(frame.y1, y);
  }
  return frame;
}

/** The outline as a bitmap over its frame: 0 outside, 1 inside, 2 on the edge. */
function bitmapOf(points: Point[], frame: Frame): Uint8Array {
  const cells = new Uint8Array(SIDE * SIDE);
  const [width, height] = [(frame.x1 - frame.x0) / SIDE, (frame.y1 - frame.y0) / SIDE];
  for (let row = 0; row < SIDE; row++) {
    const y = frame.y0 + (row + 0.5) * height;
    const crossings: number[] = [];
    for (let i = 0, before = points.length - 1; i < points.length; before = i++) {
      const [x1, y1] = points[i]!;
      const [x2, y2] = points[before]!;
      if (y1 > y !== y2 > y) crossings.push(((x2 - x1) * (y - y1)) / (y2 - y1) + x1);
    }
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const first = Math.max(0, Math.ceil((crossings[i]! - frame.x0) / width - 0.5));
      const last = Math.min(SIDE - 1, Math.floor((crossings[i + 1]! - frame.x0) / width - 0.5));
      if (last >= first) cells.fill(INSIDE, row * SIDE + first, row * SIDE + last + 1);
    }
  }
  for (let i = 0, before = points.length - 1; i < points.length; before = i++) {
    const [ax, ay] = [(points[before]![0] - frame.x0) / width, (points[before]![1] - frame.y0) / height];
    const [bx, by] = [(points[i]![0] - frame.x0) / width, (points[i]![1] - frame.y0) / height];
    const steps = Math.ceil(Math.max(Math.abs(bx - ax), Math.abs(by - ay)) * 2) + 1;
    for (let step = 0; step <= steps; step++) {
      const [cx, cy] = [Math.floor(ax + ((bx - ax) * step) / steps), Math.floor(ay + ((by - ay) * step) / steps)];
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          const [x, y] = [cx + dx, cy + dy];
          if (x >= 0 && y >= 0 && x < SIDE && y < SIDE) cells[y * SIDE + x] = EDGE;
        }
    }
  }
  return cells;
}

/** The edges that cross each row of the bitmap, so that a point is held against these few only. */
function edgesByRow(points: Point[], frame: Frame, perY: number): Uint32Array[] {
  const lists: number[][] = Array.from({ length: SIDE }, () => []);
  for (let i = 0, before = points.length - 1; i < points.length; before = i++) {
    const [y1, y2] = [points[i]![1], points[before]![1]];
    if (y1 === y2) continue;
    const first = Math.min(SIDE - 1, ((Math.min(y1, y2) - frame.y0) * perY) | 0);
    const last = Math.min(SIDE - 1, ((Math.max(y1, y2) - frame.y0) * perY) | 0);
    for (let row = first; row <= last; row++) lists[row]!.push(i);
  }
  return lists.map((list) => Uint32Array.from(list));
}

/** The rule of `inOutline` with the edges of one row. */
function inByEdges(points: Point[], edges: Uint32Array, x: number, y: number): boolean {
  let odd = false;
  for (const i of edges) {
    const [x1, y1] = points[i]!;
    const [x2, y2] = points[i === 0 ? points.length - 1 : i - 1]!;
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
  }
  return odd;
}

/** The numbers of the points in an outline, in rising order. */
export function pointsIn(x: Float32Array, y: Float32Array, points: Point[]): Uint32Array {
  if (points.length < 3) return new Uint32Array(0);
  const frame = frameOf(points);
  if (!(frame.x1 > frame.x0) || !(frame.y1 > frame.y0)) return new Uint32Array(0);
  const cells = bitmapOf(points, frame);
  const [perX, perY] = [SIDE / (frame.x1 - frame.x0), SIDE / (frame.y1 - frame.y0)];
  const edges = edgesByRow(points, frame, perY);
  const found = new Uint32Array(x.length);
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    const px = x[i]!;
    const py = y[i]!;
    if (!(px >= frame.x0 && px <= frame.x1 && py >= frame.y0 && py <= frame.y1)) continue;
    const column = Math.min(SIDE - 1, ((px - frame.x0) * perX) | 0);
    const row = Math.min(SIDE - 1, ((py - frame.y0) * perY) | 0);
    const cell = cells[row * SIDE + column];
    if (cell === INSIDE || (cell === EDGE && inByEdges(points, edges[row]!, px, py))) found[count++] = i;
  }
  return found.slice(0, count);
}

/** How many points fall on each cell of a picture; the first row is at the top, where y is largest. */
export function density(x: Float32Array, y: Float32Array, frame: Frame, width: number, height: number): Uint32Array {
  const cells = new Uint32Array(width * height);
  const [perX, perY] = [width / (frame.x1 - frame.x0), height / (frame.y1 - frame.y0)];
  for (let i = 0; i < x.length; i++) {
    const column = Math.floor((x[i]! - frame.x0) * perX);
    const row = Math.floor((frame.y1 - y[i]!) * perY);
    if (column >= 0 && row >= 0 && column < width && row < height) cells[row * width + column]!++;
  }
  return cells;
}

/** The span of a column's finite values, with a little room; of a column with one value a span around it. */
export function spanOf(values: Float32Array): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values)
    if (Number.isFinite(value)) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  if (!(high >= low)) return [0, 1];
  const room = (high - low || Math.abs(high) || 1) * 0.03;
  return [low - room, high + room];
}
