// What a surface carries for each vertex beside its place: how much of the sky it sees, and its place on a scale of colours.
import { placeOnScale, type Colouring } from "./colours";
import { sample, type Grid, type Vec3 } from "./grid";
import type { Mesh } from "./surface";

/** How full cubes of voxels are above a level, coarse enough to be looked up many times. */
interface Fullness {
  shape: Vec3;
  cube: number;
  values: Float32Array;
}

function fullness(grid: Grid, byte: number): Fullness {
  const cube = Math.max(1, Math.round(Math.max(...grid.shape) / 42));
  const [nx, ny, nz] = grid.shape;
  const shape = grid.shape.map((n) => Math.ceil(n / cube)) as Vec3;
  const values = new Float32Array(shape[0] * shape[1] * shape[2]);
  const each = 1 / cube ** 3;
  for (let k = 0, o = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = (Math.floor(k / cube) * shape[1] + Math.floor(j / cube)) * shape[0];
      for (let i = 0; i < nx; i++, o++) if (grid.data[o]! > byte) values[row + Math.floor(i / cube)]! += each;
    }
  return { shape, cube, values };
}

function look(full: Fullness, x: number, y: number, z: number): number {
  const [nx, ny, nz] = full.shape;
  const u = x / full.cube - 0.5 + 0.5 / full.cube, v = y / full.cube - 0.5 + 0.5 / full.cube, w = z / full.cube - 0.5 + 0.5 / full.cube;
  const i = Math.floor(u), j = Math.floor(v), k = Math.floor(w);
  if (i < 0 || j < 0 || k < 0 || i >= nx - 1 || j >= ny - 1 || k >= nz - 1) return 0;
  const a = u - i, b = v - j, c = w - k, d = full.values, o = (k * ny + j) * nx + i, m = nx * ny;
  const p = d[o]! * (1 - a) + d[o + 1]! * a, q = d[o + nx]! * (1 - a) + d[o + nx + 1]! * a;
  const r = d[o + m]! * (1 - a) + d[o + m + 1]! * a, s = d[o + m + nx]! * (1 - a) + d[o + m + nx + 1]! * a;
  return (p * (1 - b) + q * b) * (1 - c) + (r * (1 - b) + s * b) * c;
}

/** Two bytes a vertex: colour's place on the scale, and openness (255: nothing near above it). */
export function shade(mesh: Mesh, grid: Grid, byte: number, colouring: Colouring, other: Grid | null): Uint8Array {
  const count = mesh.positions.length / 3;
  const out = new Uint8Array(count * 2);
  const full = fullness(grid, byte);
  const reach = [1.1, 2.4].map((cubes) => cubes * full.cube);
  const middle = grid.shape.map((n) => grid.first_A + (Math.floor(n / 2)) * grid.voxel_A) as Vec3;
  for (let n = 0; n < count; n++) {
    const at = 3 * n;
    const x = mesh.positions[at]!, y = mesh.positions[at + 1]!, z = mesh.positions[at + 2]!;
    const nx = mesh.normals[at]!, ny = mesh.normals[at + 1]!, nz = mesh.normals[at + 2]!;
    const i = (x - grid.first_A) / grid.voxel_A, j = (y - grid.first_A) / grid.voxel_A, k = (z - grid.first_A) / grid.voxel_A;
    let hidden = 0;
    for (const far of reach) hidden += look(full, i + nx * far, j + ny * far, k + nz * far);
    out[2 * n + 1] = Math.round(255 * Math.max(0.15, 1 - 0.8 * hidden));
    out[2 * n] = colouring.by === "one" ? 0 : Math.round(255 * placeOnScale(colouring, valueAt(colouring, other, middle, [x, y, z])));
  }
  return out;
}

/** What colours a place: distance from the box's centre or height in Å, or another map's value, a little inside where it is 0. */
function valueAt(colouring: Colouring, other: Grid | null, middle: Vec3, [x, y, z]: Vec3): number {
  if (colouring.by === "radius") return Math.hypot(x - middle[0], y - middle[1], z - middle[2]);
  if (colouring.by === "height") return z;
  if (!other) return colouring.middle;
  const value = other.low + (sample(other, x, y, z) / 255) * (other.high - other.low);
  if (value > 0.5 * colouring.low) return value;
  const inward = 3 / Math.max(1, Math.hypot(x - middle[0], y - middle[1], z - middle[2]));
  const deeper = sample(other, x + (middle[0] - x) * inward, y + (middle[1] - y) * inward, z + (middle[2] - z) * inward);
  return deeper > 0 ? other.low + (deeper / 255) * (other.high - other.low) : colouring.middle;
}
