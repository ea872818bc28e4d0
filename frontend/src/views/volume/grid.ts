// Maps as the server gives them: 8 bit grids and 16 bit planes with their scale, and what can be read from them. Places are in Å
// from the first voxel of the map, in the order x, y, z.

export type Vec3 = [number, number, number];

export interface Grid {
  /** Sizes along x, y, z. */
  shape: Vec3;
  /** Voxels of the map along the edge of one of these. */
  factor: number;
  /** Values of byte 0 and byte 255. */
  low: number;
  high: number;
  data: Uint8Array;
  /** Edge of one of these voxels, and the place of the first one's centre on each axis. */
  voxel_A: number;
  first_A: number;
}

export interface Plane {
  columns: number;
  rows: number;
  values: Uint16Array;
  low: number;
  high: number;
}

export const HEAD_BYTES = 32;

export function parseGrid(bytes: ArrayBuffer, mapVoxel_A: number): Grid {
  const head = new DataView(bytes);
  const [x, y, z, factor] = [0, 4, 8, 12].map((at) => head.getInt32(at, true)) as [number, number, number, number];
  return {
    shape: [x, y, z], factor, low: head.getFloat32(16, true), high: head.getFloat32(20, true), data: new Uint8Array(bytes, HEAD_BYTES),
    voxel_A: mapVoxel_A * factor, first_A: (mapVoxel_A * (factor - 1)) / 2,
  };
}

export function parsePlane(bytes: ArrayBuffer): Plane {
  const head = new DataView(bytes);
  return {
    columns: head.getInt32(0, true), rows: head.getInt32(4, true), low: head.getFloat32(16, true), high: head.getFloat32(20, true),
    values: new Uint16Array(bytes, HEAD_BYTES),
  };
}

/** The byte, not rounded, of a value. */
export function byteOf(grid: Pick<Grid, "low" | "high">, value: number): number {
  return ((value - grid.low) / (grid.high - grid.low)) * 255;
}

/** The grid's bytes at a place, between voxels by their neighbours; 0 outside. */
export function sample(grid: Grid, x_A: number, y_A: number, z_A: number): number {
  const [nx, ny, nz] = grid.shape;
  const x = (x_A - grid.first_A) / grid.voxel_A, y = (y_A - grid.first_A) / grid.voxel_A, z = (z_A - grid.first_A) / grid.voxel_A;
  const i = Math.floor(x), j = Math.floor(y), k = Math.floor(z);
  if (i < -1 || j < -1 || k < -1 || i >= nx || j >= ny || k >= nz) return 0;
  const a = x - i, b = y - j, c = z - k, d = grid.data, m = nx * ny;
  let sum = 0;
  for (let dz = 0; dz < 2; dz++)
    for (let dy = 0; dy < 2; dy++)
      for (let dx = 0; dx < 2; dx++) {
        const p = i + dx, q = j + dy, r = k + dz;
        if (p < 0 || q < 0 || r < 0 || p >= nx || q >= ny || r >= nz) continue;
        sum += d[r * m + q * nx + p]! * (dx ? a : 1 - a) * (dy ? b : 1 - b) * (dz ? c : 1 - c);
      }
  return sum;
}

/** Voxels with a byte at or above each of 0 to 256. */
function countsAbove(histogram: ArrayLike<number>): Float64Array {
  const above = new Float64Array(histogram.length + 1);
  for (let i = histogram.length - 1; i >= 0; i--) above[i] = above[i + 1]! + histogram[i]!;
  return above;
}

/** How many voxels lie above a value, by the histogram: within a bin evenly. */
export function voxelsAbove(info: { low: number; high: number; histogram: number[] }, value: number): number {
  const above = countsAbove(info.histogram);
  const at = Math.min(256, Math.max(0, byteOf(info, value) + 0.5));
  const bin = Math.floor(at);
  return bin >= 256 ? 0 : above[bin]! + (above[bin + 1]! - above[bin]!) * (at - bin);
}

/** The value above which so many voxels lie. */
export function valueWithVoxelsAbove(info: { low: number; high: number; histogram: number[] }, voxels: number): number {
  const above = countsAbove(info.histogram);
  let bin = 255;
  while (bin > 0 && above[bin]! < voxels) bin--;
  const inBin = above[bin]! - above[bin + 1]!;
  const part = inBin > 0 ? Math.min(1, Math.max(0, (above[bin]! - voxels) / inBin)) : 0;
  return info.low + ((bin + part - 0.5) / 255) * (info.high - info.low);
}

/** The byte of a coarser grid above which as large a share of it lies as of the map above a value: averaging lowers peaks. */
export function matchedByte(grid: Grid, info: { low: number; high: number; histogram: number[] }, value: number): number {
  if (grid.factor === 1) return byteOf(grid, value);
  const histogram = new Array<number>(256).fill(0);
  for (const byte of grid.data) histogram[byte]!++;
  const total = info.histogram.reduce((sum, n) => sum + n, 0);
  const wanted = (voxelsAbove(info, value) / total) * grid.data.length;
  return byteOf(grid, valueWithVoxelsAbove({ low: grid.low, high: grid.high, histogram }, wanted));
}

/** Å3 that protein of one dalton fills, at 1.35 g/cm3 and somewhat less: 1.21. */
const PROTEIN_A3_PER_DA = 1.21;

export interface Measured {
  shape: number[];
  voxel_A: number;
  mean: number;
  sd: number;
  low: number;
  high: number;
  histogram: number[];
  mass_kDa: number;
}

/** Protein above a value, in kDa, by its volume. */
export function enclosed_kDa(info: Measured, value: number): number {
  return (voxelsAbove(info, value) * info.voxel_A ** 3) / PROTEIN_A3_PER_DA / 1000;
}

/** Where a surface is drawn first: around the mass that the project states, else 4 deviations above the mean; masks at a half. */
export function firstLevel(info: Measured, kind: string): number {
  if (kind === "mask") return 0.5;
  // around what is known at all where 0 stands for nothing, else in what differs from the surroundings
  if (kind === "localres") return info.low < 0.1 * info.high ? Math.max(1e-6, 0.05 * info.high) : info.mean + 2 * info.sd;
  const box = info.shape.reduce((product, n) => product * n, 1);
  const voxels = (info.mass_kDa * 1000 * PROTEIN_A3_PER_DA) / info.voxel_A ** 3;
  const around = info.mass_kDa > 0 && voxels < 0.5 * box ? valueWithVoxelsAbove(info, voxels) : info.mean;
  // a level within the noise says that the mass is not that of what this map shows
  if (around > info.mean + info.sd) return around;
  return Math.min(info.mean + 4 * info.sd, info.low + 0.9 * (info.high - info.low));
}

/** One grid less another, each in its own deviations: bytes from -range to +range. The two must have the same voxels. */
export function difference(a: Grid, b: Grid, sdA: number, sdB: number, range = 12): Grid {
  const data = new Uint8Array(a.data.length);
  const sa = (a.high - a.low) / 255 / sdA, sb = (b.high - b.low) / 255 / sdB, base = a.low / sdA - b.low / sdB;
  for (let i = 0; i < data.length; i++) data[i] = Math.min(255, Math.max(0, ((base + a.data[i]! * sa - b.data[i]! * sb + range) / (2 * range)) * 255 + 0.5));
  return { ...a, low: -range, high: range, data };
}

/** The deviation from 0, either way, that only a share of a difference's voxels surpass. */
export function strongest(grid: Grid, share: number): number {
  const histogram = new Array<number>(129).fill(0);
  for (const byte of grid.data) histogram[Math.min(128, Math.abs(byte - 128))]!++;
  let sum = 0, at = 128;
  while (at > 1 && (sum += histogram[at]!) < share * grid.data.length) at--;
  return Math.max(0.1, (at / 255) * (grid.high - grid.low));
}
