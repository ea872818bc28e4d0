// The sphere laid flat with equal areas: Mollweide's oval or two discs of Lambert; and the colours of counts (cividis).

export interface Point {
  x: number;
  y: number;
}

/** Mollweide: x from -1 to 1, y from -0.5 to 0.5 upwards; z is the cosine of tilt, turn the angle rot in radians (-pi to pi). */
export function mollweide(z: number, turn: number): Point {
  const latitude = Math.asin(Math.max(-1, Math.min(1, z)));
  let theta = latitude;
  if (Math.abs(Math.abs(latitude) - Math.PI / 2) > 1e-6)
    for (let k = 0; k < 12; k++) {
      const step = (2 * theta + Math.sin(2 * theta) - Math.PI * z) / (2 + 2 * Math.cos(2 * theta));
      theta -= step;
      if (Math.abs(step) < 1e-9) break;
    }
  return { x: (turn / Math.PI) * Math.cos(theta), y: 0.5 * Math.sin(theta) };
}

/** Lambert's disc of the northern half (z >= 0), radius 1 at the equator; the southern half is seen from below. */
export function lambert(z: number, turn: number): Point {
  const radius = Math.sqrt(Math.max(0, 1 - Math.abs(z)));
  return { x: radius * Math.cos(turn), y: radius * Math.sin(turn) };
}

const PARTS = 4;

const CIVIDIS = [
  [0, 32, 76], [0, 47, 111], [49, 66, 108], [80, 86, 109], [107, 106, 113], [133, 127, 121], [161, 149, 119], [192, 172, 106], [224, 197, 82], [255, 233, 69],
] as const;

/** The colour of a part of the scale, 0 to 1. */
export function cividis(part: number): string {
  const at = Math.max(0, Math.min(1, Number.isFinite(part) ? part : 0)) * (CIVIDIS.length - 1);
  const low = Math.min(CIVIDIS.length - 2, Math.floor(at));
  const mix = [0, 1, 2].map((k) => Math.round(CIVIDIS[low]![k]! + (at - low) * (CIVIDIS[low + 1]![k]! - CIVIDIS[low]![k]!)));
  return `rgb(${mix.join(" ")})`;
}

export interface Cell {
  zTop: number;
  zFoot: number;
  from: number;
  to: number;
}

/** The cells of the grid that the server sends: bands from the north, in each cells from -180 degrees on. */
export function cells(bands: number[], edges: number[]): Cell[] {
  return bands.flatMap((count, band) =>
    Array.from({ length: count }, (_, k) => ({ zTop: edges[band]!, zFoot: edges[band + 1]!, from: (k / count - 0.5) * 2 * Math.PI, to: ((k + 1) / count - 0.5) * 2 * Math.PI })),
  );
}

/** The outline of a cell, with points along its edges so that curved edges stay curved. */
export function outline(cell: Cell, flat: (z: number, turn: number) => Point): Point[] {
  const corners: [number, number][] = [[cell.zTop, cell.from], [cell.zTop, cell.to], [cell.zFoot, cell.to], [cell.zFoot, cell.from]];
  return corners.flatMap(([z, turn], k) => {
    const [nextZ, nextTurn] = corners[(k + 1) % 4]!;
    return Array.from({ length: PARTS }, (_, part) => flat(z + ((nextZ - z) * part) / PARTS, turn + ((nextTurn - turn) * part) / PARTS));
  });
}
