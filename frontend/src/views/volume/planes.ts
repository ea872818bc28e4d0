// Planes for the slices: at once out of the grid that is here, then exactly in 16 bits from the server; the last few hundred are kept.
import { getBytes } from "../../api/client";
import { parsePlane, valueWithVoxelsAbove, type Grid, type Plane } from "./grid";
import { palette, placeOnScale } from "./colours";
import type { Info, Layer } from "./layers";
import { background, spread } from "./localres";
import { axesOfSlice } from "./shapes";

const KEPT = 400;
const NAMES = ["x", "y", "z"] as const;

export class Planes {
  private kept = new Map<string, Plane>();
  private underWay = new Set<string>();

  /** The exact plane, if it is here; else it is fetched and `then` is called. k -1: the sum along the axis. */
  get(layer: Layer, axis: 0 | 1 | 2, k: number, then: () => void): Plane | undefined {
    if (!layer.info || layer.kind === "difference") return undefined;
    const key = `${layer.info.tag} ${axis} ${k}`;
    const found = this.kept.get(key);
    if (found) {
      this.kept.delete(key);
      this.kept.set(key, found);
      return found;
    }
    if (this.underWay.has(key) || this.underWay.size > 5) return undefined;
    this.underWay.add(key);
    const asked = { path: layer.path, axis: NAMES[axis], tag: layer.info.tag };
    getBytes(k < 0 ? "volume/projection" : "volume/slice", k < 0 ? asked : { ...asked, k })
      .then((bytes) => {
        this.kept.set(key, parsePlane(bytes));
        for (const old of this.kept.keys()) if (this.kept.size > KEPT) this.kept.delete(old);
        this.underWay.delete(key);
        then();
      })
      .catch(() => setTimeout(() => this.underWay.delete(key), 2000));
    return undefined;
  }
}

/** A plane cut out of a grid, at a place in Å. */
export function cutGrid(grid: Grid, axis: 0 | 1 | 2, at_A: number): Plane {
  const [nx, ny, nz] = grid.shape;
  const [u, v] = axesOfSlice(axis);
  const k = Math.min(grid.shape[axis] - 1, Math.max(0, Math.round((at_A - grid.first_A) / grid.voxel_A)));
  const steps = [1, nx, nx * ny];
  const columns = [nx, ny, nz][u]!, rows = [nx, ny, nz][v]!;
  const values = new Uint16Array(columns * rows);
  for (let j = 0, o = 0; j < rows; j++) for (let i = 0; i < columns; i++, o++) values[o] = grid.data[k * steps[axis]! + j * steps[v]! + i * steps[u]!]! * 257;
  return { columns, rows, values, low: grid.low, high: grid.high };
}

/** Where a plane crosses a level: short lines in units of its pixels, from the middle of the first. */
export function contour(plane: Plane, level: number): [number, number, number, number][] {
  const lines: [number, number, number, number][] = [];
  const cut = ((level - plane.low) / (plane.high - plane.low)) * 65535;
  const { columns: n, rows, values: d } = plane;
  for (let j = 0; j < rows - 1; j++)
    for (let i = 0; i < n - 1; i++) {
      const o = j * n + i, a = d[o]!, b = d[o + 1]!, c = d[o + n + 1]!, e = d[o + n]!;
      const mask = (a > cut ? 1 : 0) | (b > cut ? 2 : 0) | (c > cut ? 4 : 0) | (e > cut ? 8 : 0);
      if (mask === 0 || mask === 15) continue;
      const points: [number, number][] = [];
      if (a > cut !== b > cut) points.push([i + (cut - a) / (b - a), j]);
      if (b > cut !== c > cut) points.push([i + 1, j + (cut - b) / (c - b)]);
      if (c > cut !== e > cut) points.push([i + (cut - e) / (c - e), j + 1]);
      if (e > cut !== a > cut) points.push([i, j + (cut - a) / (e - a)]);
      for (let p = 0; p + 1 < points.length; p += 2) lines.push([...points[p]!, ...points[p + 1]!]);
    }
  return lines;
}

/** Colours of a plane of local resolutions, from 0 to the highest, on the scale of the surface; nothing is known at 0. */
export function resolutionColours(info: Info, [low, high]: [number, number]): Uint32Array<ArrayBuffer> {
  const scale = { by: "map" as const, ...spread(info) };
  const bytes = palette("diverging");
  const empty = background(info);
  const colours = new Uint32Array(256);
  return colours.map((_, n) => {
    const value = low + (n / 255) * (high - low);
    const bin = Math.round(((value - info.low) / (info.high - info.low)) * 255);
    if (value < 0.04 * info.high || (empty >= 0 && Math.abs(bin - empty) <= 1)) return 0xff181513;
    const at = 4 * Math.round(255 * placeOnScale(scale, value));
    return 0xff000000 | (bytes[at + 2]! << 16) | (bytes[at + 1]! << 8) | bytes[at]!;
  });
}

/** Black and white of slices where nobody has set them: three deviations below the mean, and what few voxels are above. */
export function greyOf(layer: Layer): [number, number] {
  const info = layer.info;
  if (layer.kind === "difference" || !info) return [-6, 6];
  if (layer.kind === "mask") return [0, 1];
  if (layer.kind === "localres") return [0, info.high];
  const box = info.shape.reduce((product, n) => product * n, 1);
  return [Math.max(info.low, info.mean - 3 * info.sd), Math.max(info.mean + 3 * info.sd, valueWithVoxelsAbove(info, box * 0.001))];
}
