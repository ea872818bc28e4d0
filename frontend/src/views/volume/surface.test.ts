// Surfaces of spheres and boxes: closed, turned outward, of the right size and place, with normals that point out.
import { describe, expect, it } from "vitest";
import { byteOf, difference, enclosed_kDa, firstLevel, matchedByte, parseGrid, sample, valueWithVoxelsAbove, voxelsAbove, type Grid } from "./grid";
import { dusted } from "./dust";
import { inverted, surface, type Mesh } from "./surface";

function ball(shape: [number, number, number], centre: [number, number, number], radius: number, voxel_A = 1): Grid {
  const [nx, ny, nz] = shape;
  const data = new Uint8Array(nx * ny * nz);
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++) {
        const away = Math.hypot(i - centre[0], j - centre[1], k - centre[2]);
        data[(k * ny + j) * nx + i] = Math.min(255, Math.max(0, Math.round(128 + (radius - away) * 20)));
      }
  return { shape, factor: 1, low: 0, high: 255, data, voxel_A, first_A: 0 };
}

function signedVolume(mesh: Mesh): number {
  const p = mesh.positions;
  let sum = 0;
  for (let t = 0; t < mesh.indices.length; t += 3) {
    const [a, b, c] = [0, 1, 2].map((n) => 3 * mesh.indices[t + n]!) as [number, number, number];
    const [ax, ay, az, bx, by, bz, cx, cy, cz] = [p[a]!, p[a + 1]!, p[a + 2]!, p[b]!, p[b + 1]!, p[b + 2]!, p[c]!, p[c + 1]!, p[c + 2]!];
    sum += ax * (by * cz - bz * cy) - ay * (bx * cz - bz * cx) + az * (bx * cy - by * cx);
  }
  return sum / 6;
}

/** Edges that are not walked as often one way as the other. */
function openEdges(mesh: Mesh): number {
  const edges = new Map<string, number>();
  for (let t = 0; t < mesh.indices.length; t += 3)
    for (const [a, b] of [[0, 1], [1, 2], [2, 0]] as const) {
      const from = mesh.indices[t + a]!, to = mesh.indices[t + b]!;
      const key = from < to ? `${from} ${to}` : `${to} ${from}`;
      edges.set(key, (edges.get(key) ?? 0) + (from < to ? 1 : -1));
    }
  return [...edges.values()].filter((n) => n !== 0).length;
}

describe("surface", () => {
  it("of a sphere is closed, outward, in its place and of its volume", () => {
    const mesh = surface(ball([40, 36, 32], [19.3, 17.1, 15.6], 10, 1.5), 128.2);
    expect(openEdges(mesh)).toBe(0);
    expect(signedVolume(mesh) / ((4 / 3) * Math.PI * 15 ** 3)).toBeCloseTo(1, 1);
    for (let n = 0; n < mesh.positions.length; n += 3) {
      const [x, y, z] = [mesh.positions[n]! - 19.3 * 1.5, mesh.positions[n + 1]! - 17.1 * 1.5, mesh.positions[n + 2]! - 15.6 * 1.5];
      const away = Math.hypot(x, y, z);
      expect(Math.abs(away - 15)).toBeLessThan(0.4);
      const along = (x * mesh.normals[n]! + y * mesh.normals[n + 1]! + z * mesh.normals[n + 2]!) / away;
      expect(along).toBeGreaterThan(0.97);
    }
  });

  it("has triangles that turn as their normals point", () => {
    const mesh = surface(ball([24, 24, 24], [11.5, 12, 12.2], 7), 128);
    const p = mesh.positions;
    for (let t = 0; t < mesh.indices.length; t += 3) {
      const [a, b, c] = [0, 1, 2].map((n) => 3 * mesh.indices[t + n]!) as [number, number, number];
      const u = [p[b]! - p[a]!, p[b + 1]! - p[a + 1]!, p[b + 2]! - p[a + 2]!] as const, v = [p[c]! - p[a]!, p[c + 1]! - p[a + 1]!, p[c + 2]! - p[a + 2]!] as const;
      const cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]] as const;
      expect(cross[0] * mesh.normals[a]! + cross[1] * mesh.normals[a + 1]! + cross[2] * mesh.normals[a + 2]!).toBeGreaterThan(-1e-6);
    }
  });

  it("is closed where the density runs out of the box, and where it is noise", () => {
    expect(openEdges(surface(ball([16, 16, 16], [2, 15, 8], 9), 128))).toBe(0);
    const noise = ball([18, 14, 16], [0, 0, 0], 1);
    let seed = 1;
    for (let i = 0; i < noise.data.length; i++) noise.data[i] = (seed = (seed * 48271) % 2147483647) & 255;
    const mesh = surface(noise, 150);
    expect(mesh.indices.length).toBeGreaterThan(1000);
    expect(openEdges(mesh)).toBe(0);
    expect(signedVolume(mesh)).toBeGreaterThan(0);
  });

  it("of what lies below a level is that of the mirrored values", () => {
    const grid = ball([20, 20, 20], [10, 10, 10], 6);
    for (let i = 0; i < grid.data.length; i++) grid.data[i] = 255 - grid.data[i]!;
    const mesh = surface(inverted(grid), 255 - 127);
    expect(openEdges(mesh)).toBe(0);
    expect(signedVolume(mesh) / ((4 / 3) * Math.PI * 6 ** 3)).toBeCloseTo(1, 1);
  });

  it("is empty where nothing reaches the level", () => {
    expect(surface({ ...ball([8, 8, 8], [4, 4, 4], 2), data: new Uint8Array(512) }, 128).indices.length).toBe(0);
  });
});

describe("dust", () => {
  it("goes piece by piece, the large ones stay whole and closed", () => {
    const grid = ball([48, 40, 40], [18, 20, 20], 12);
    for (const [i, j, k] of [[40, 5, 5], [44, 30, 30], [41, 20, 12]] as const) grid.data[(k * 40 + j) * 48 + i] = 255;
    const whole = surface(grid, 128);
    const { mesh, pieces } = dusted(whole);
    expect(pieces).toBe(3);
    expect(openEdges(mesh)).toBe(0);
    expect(signedVolume(mesh)).toBeCloseTo(signedVolume(surface(ball([48, 40, 40], [18, 20, 20], 12), 128)), 3);
    expect(dusted(mesh).pieces).toBe(0);
  });
});

describe("grids", () => {
  it("of averaged voxels lie at the middle of what they average", () => {
    const bytes = new ArrayBuffer(32 + 8);
    const head = new DataView(bytes);
    [2, 2, 2, 4].forEach((n, i) => head.setInt32(4 * i, n, true));
    head.setFloat32(16, -1, true);
    head.setFloat32(20, 3, true);
    new Uint8Array(bytes, 32)[7] = 200;
    const grid = parseGrid(bytes, 2);
    expect([grid.voxel_A, grid.first_A, grid.low, grid.high]).toEqual([8, 3, -1, 3]);
    expect(sample(grid, 11, 11, 11)).toBe(200);
    expect(sample(grid, 7, 11, 11)).toBe(100);
    expect(sample(grid, 40, 0, 0)).toBe(0);
    expect(byteOf(grid, 1)).toBe(127.5);
  });

  it("know the level above which a number of voxels lies, and back", () => {
    const histogram = Array.from({ length: 256 }, (_, i) => 256 - i);
    const info = { low: -2, high: 6, histogram };
    for (const voxels of [10, 500, 9000, 30000]) expect(voxelsAbove(info, valueWithVoxelsAbove(info, voxels))).toBeCloseTo(voxels, 3);
  });

  it("are first drawn around the stated mass, else at four deviations, masks at a half", () => {
    const histogram = Array.from({ length: 256 }, (_, i) => Math.round(1e5 * Math.exp(-i / 20)));
    const info = { shape: [100, 100, 100], voxel_A: 2, mean: 0, sd: 0.1, low: -0.1, high: 2, histogram, mass_kDa: 300 };
    expect(enclosed_kDa(info, firstLevel(info, "map"))).toBeCloseTo(300, 3);
    expect(firstLevel({ ...info, mass_kDa: 0 }, "map")).toBeCloseTo(0.4);
    expect(firstLevel(info, "mask")).toBe(0.5);
  });

  it("of averaged voxels are cut where the same share of them lies above", () => {
    const fine = ball([32, 32, 32], [16, 16, 16], 9);
    const histogram = new Array<number>(256).fill(0);
    for (const byte of fine.data) histogram[byte]!++;
    const coarse: Grid = { ...ball([16, 16, 16], [7.75, 7.75, 7.75], 4.5), factor: 2 };
    const share = voxelsAbove({ low: 0, high: 255, histogram }, 128) / fine.data.length;
    const byte = matchedByte(coarse, { low: 0, high: 255, histogram }, 128);
    expect(coarse.data.filter((value) => value > byte).length / coarse.data.length).toBeCloseTo(share, 2);
  });

  it("are subtracted in deviations", () => {
    const a = { ...ball([4, 4, 4], [1, 1, 1], 1), low: 0, high: 2.55, data: new Uint8Array(64).fill(100) };
    const b = { ...a, high: 5.1, data: new Uint8Array(64).fill(25) };
    const less = difference(a, b, 0.1, 0.5);
    expect(less.low + (less.data[0]! / 255) * (less.high - less.low)).toBeCloseTo(10 - 1, 1);
  });
});
