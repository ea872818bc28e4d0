// Where rows stand in a scrolled table. Browsers draw no box above some 17 million px, so very long tables are scrolled in scale.

export interface Sight {
  /** Scrolled so far, in px, and the height in which rows are seen. */
  top: number;
  height: number;
}

const LARGEST = 12_000_000;
const AROUND = 20;

/** The height of the box that is scrolled, in px. */
export function boxHeight(count: number, rowHeight: number): number {
  return Math.min(count * rowHeight, LARGEST);
}

/** How far into the whole table the first pixel in sight is, in px of the unscaled table. */
function whole(count: number, rowHeight: number, sight: Sight): number {
  const full = count * rowHeight;
  if (full <= LARGEST) return sight.top;
  return (sight.top / Math.max(1, LARGEST - sight.height)) * (full - sight.height);
}

/** The rows to draw: those in sight and 20 more on each side, in steps of 4 so that small moves draw nothing anew. */
export function rowsInSight(count: number, rowHeight: number, sight: Sight): { first: number; behind: number; height: number } {
  const start = Math.floor(whole(count, rowHeight, sight) / rowHeight);
  const seen = Math.ceil(sight.height / rowHeight) + 1;
  const first = Math.max(0, Math.floor((start - AROUND) / 4) * 4);
  return { first, behind: Math.min(count, first + seen + 2 * AROUND + 4), height: boxHeight(count, rowHeight) };
}

/** The top of a row inside the scrolled box. */
export function offsetOf(row: number, count: number, rowHeight: number, sight: Sight): number {
  if (count * rowHeight <= LARGEST) return row * rowHeight;
  return sight.top + row * rowHeight - whole(count, rowHeight, sight);
}

/** Where to scroll so that a row is wholly in sight; null when it is. */
export function scrollFor(row: number, count: number, rowHeight: number, sight: Sight): number | null {
  const from = whole(count, rowHeight, sight);
  const top = row * rowHeight;
  let wanted = from;
  if (top < from) wanted = top;
  else if (top + rowHeight > from + sight.height) wanted = top + rowHeight - sight.height;
  if (wanted === from) return null;
  const full = count * rowHeight;
  return full <= LARGEST ? wanted : (wanted / (full - sight.height)) * (LARGEST - sight.height);
}
