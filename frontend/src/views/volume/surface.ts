// The surface where a grid crosses a level, by surface nets: one vertex in each cell that is cut, a quad across each edge that is cut.
// The grid counts as empty outside itself, so the surface is closed. Triangles turn counter-clockwise seen from outside.
import type { Grid } from "./grid";

export interface Mesh {
  /** x, y, z in Å from the first voxel. */
  positions: Float32Array;
  normals: Float32Array;
  indices: Uint32Array;
}

/** A grid with one empty voxel around it, so that no cell needs to ask where the edge is. */
function padded(grid: Grid): { data: Uint8Array; nx: number; ny: number; nz: number } {
  const [x, y, z] = grid.shape;
  const nx = x + 2, ny = y + 2, nz = z + 2;
  const data = new Uint8Array(nx * ny * nz);
  for (let k = 0; k < z; k++)
    for (let j = 0; j < y; j++) data.set(grid.data.subarray((k * y + j) * x, (k * y + j + 1) * x), ((k + 1) * ny + j + 1) * nx + 1);
  return { data, nx, ny, nz };
}

/** Growing arrays, so that a surface of any size is made in one pass. */
class Grown {
  floats = new Float32Array(1 << 16);
  used = 0;
  push3(a: number, b: number, c: number): void {
    if (this.used + 3 > this.floats.length) {
      const more = new Float32Array(this.floats.length * 2);
      more.set(this.floats);
      this.floats = more;
    }
    this.floats[this.used++] = a;
    this.floats[this.used++] = b;
    this.floats[this.used++] = c;
  }
}

/** The grid with high for low, to draw what lies below a level. */
export function inverted(grid: Grid): Grid {
  return { ...grid, data: grid.data.map((byte) => 255 - byte) };
}

/** The surface at a byte level; a level is set between bytes, so that no voxel lies on it. */
export function surface(grid: Grid, level: number): Mesh {
  const at = Math.min(254.999, Math.max(0.001, Number.isInteger(level) ? level - 0.001 : level));
  const { data, nx, ny, nz } = padded(grid);
  const plane = nx * ny;
  const vertices = new Grown();
  let quads = new Uint32Array(1 << 17);
  let used = 0;
  // vertex number + 1 of the cells of this layer and the one before
  let here = new Uint32Array(plane), before = new Uint32Array(plane);
  const quad = (a: number, b: number, c: number, d: number, outward: boolean) => {
    if (used + 4 > quads.length) {
      const more = new Uint32Array(quads.length * 2);
      more.set(quads);
      quads = more;
    }
    quads[used++] = a - 1;
    quads[used++] = (outward ? b : d) - 1;
    quads[used++] = c - 1;
    quads[used++] = (outward ? d : b) - 1;
  };
  for (let k = 0; k < nz - 1; k++) {
    [here, before] = [before, here];
    here.fill(0);
    for (let j = 0; j < ny - 1; j++) {
      let o = k * plane + j * nx;
      let left = (data[o]! > at ? 1 : 0) | (data[o + nx]! > at ? 4 : 0) | (data[o + plane]! > at ? 16 : 0) | (data[o + plane + nx]! > at ? 64 : 0);
      for (let i = 0; i < nx - 1; i++, o++) {
        const r = o + 1;
        const right = (data[r]! > at ? 2 : 0) | (data[r + nx]! > at ? 8 : 0) | (data[r + plane]! > at ? 32 : 0) | (data[r + plane + nx]! > at ? 128 : 0);
        const mask = left | right;
        left = right >> 1;
        if (mask === 0 || mask === 255) continue;
        addVertex(vertices, data, o, nx, plane, at, i, j, k);
        const cell = j * nx + i;
        const v = (here[cell] = vertices.used / 3);
        const inside = (mask & 1) !== 0;
        // edges from this cell's first corner along x, y and z; the other three cells around each have come already
        if (inside !== ((mask & 2) !== 0) && j > 0 && k > 0) quad(v, here[cell - nx]!, before[cell - nx]!, before[cell]!, inside);
        if (inside !== ((mask & 4) !== 0) && i > 0 && k > 0) quad(v, before[cell]!, before[cell - 1]!, here[cell - 1]!, inside);
        if (inside !== ((mask & 16) !== 0) && i > 0 && j > 0) quad(v, here[cell - 1]!, here[cell - nx - 1]!, here[cell - nx]!, inside);
      }
    }
  }
  const places = vertices.floats.slice(0, vertices.used);
  const normals = outwardNormals(data, nx, ny, nz, places);
  const indices = triangles(quads.subarray(0, used), places);
  const shift = grid.first_A - grid.voxel_A;
  for (let n = 0; n < places.length; n++) places[n] = places[n]! * grid.voxel_A + shift;
  return { positions: places, normals, indices };
}

const EDGES = [0, 1, 2, 3, 4, 5, 6, 7, 0, 2, 1, 3, 4, 6, 5, 7, 0, 4, 1, 5, 2, 6, 3, 7];

/** The middle of the places where the cell's edges are cut. */
function addVertex(vertices: Grown, data: Uint8Array, o: number, nx: number, plane: number, at: number, i: number, j: number, k: number): void {
  let x = 0, y = 0, z = 0, n = 0;
  for (let e = 0; e < 24; e += 2) {
    const a = EDGES[e]!, b = EDGES[e + 1]!;
    const va = data[o + (a & 1) + (a & 2 ? nx : 0) + (a & 4 ? plane : 0)]!, vb = data[o + (b & 1) + (b & 2 ? nx : 0) + (b & 4 ? plane : 0)]!;
    if (va > at === vb > at) continue;
    const t = (at - va) / (vb - va);
    x += (a & 1) + t * ((b & 1) - (a & 1));
    y += ((a >> 1) & 1) + t * (((b >> 1) & 1) - ((a >> 1) & 1));
    z += ((a >> 2) & 1) + t * (((b >> 2) & 1) - ((a >> 2) & 1));
    n++;
  }
  vertices.push3(i + x / n, j + y / n, k + z / n);
}

/** Unit vectors against the density's slope, taken over a voxel to each side so that steps of the 8 bits do not show. */
function outwardNormals(data: Uint8Array, nx: number, ny: number, nz: number, places: Float32Array): Float32Array {
  const normals = new Float32Array(places.length);
  const plane = nx * ny;
  const value = (x: number, y: number, z: number): number => {
    x = Math.min(nx - 1.001, Math.max(0, x));
    y = Math.min(ny - 1.001, Math.max(0, y));
    z = Math.min(nz - 1.001, Math.max(0, z));
    const i = x | 0, j = y | 0, k = z | 0, a = x - i, b = y - j, c = z - k, o = k * plane + j * nx + i;
    const p = data[o]! * (1 - a) + data[o + 1]! * a, q = data[o + nx]! * (1 - a) + data[o + nx + 1]! * a;
    const r = data[o + plane]! * (1 - a) + data[o + plane + 1]! * a, s = data[o + plane + nx]! * (1 - a) + data[o + plane + nx + 1]! * a;
    return (p * (1 - b) + q * b) * (1 - c) + (r * (1 - b) + s * b) * c;
  };
  for (let n = 0; n < places.length; n += 3) {
    const x = places[n]!, y = places[n + 1]!, z = places[n + 2]!;
    const gx = value(x - 1, y, z) - value(x + 1, y, z), gy = value(x, y - 1, z) - value(x, y + 1, z), gz = value(x, y, z - 1) - value(x, y, z + 1);
    const length = Math.hypot(gx, gy, gz);
    if (length > 1e-6) {
      normals[n] = gx / length;
      normals[n + 1] = gy / length;
      normals[n + 2] = gz / length;
    } else normals[n + 2] = 1;
  }
  return normals;
}

/** Each quad as two triangles, cut along its shorter diagonal. */
function triangles(quads: Uint32Array, places: Float32Array): Uint32Array {
  const out = new Uint32Array((quads.length / 4) * 6);
  const away = (a: number, b: number) => (places[3 * a]! - places[3 * b]!) ** 2 + (places[3 * a + 1]! - places[3 * b + 1]!) ** 2 + (places[3 * a + 2]! - places[3 * b + 2]!) ** 2;
  for (let q = 0, t = 0; q < quads.length; q += 4, t += 6) {
    const a = quads[q]!, b = quads[q + 1]!, c = quads[q + 2]!, d = quads[q + 3]!;
    out.set(away(a, c) <= away(b, d) ? [a, b, c, a, c, d] : [a, b, d, b, c, d], t);
  }
  return out;
}
