// Small bodies drawn beside maps: tubes through points (backbones, axes), spheres, boxes.
import type { Vec3 } from "./grid";
import type { Mesh } from "./surface";

export const less = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const plus = (a: Vec3, b: Vec3, k = 1): Vec3 => [a[0] + k * b[0], a[1] + k * b[1], a[2] + k * b[2]];
export const cross = (a: Vec3, b: Vec3): Vec3 => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const normal = (a: Vec3): Vec3 => {
  const length = Math.hypot(...a) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
};

/** Points on a smooth curve through given ones, `steps` for each gap. */
export function smooth(points: Vec3[], steps = 4): Vec3[] {
  if (points.length < 3) return points;
  const out: Vec3[] = [];
  for (let n = 0; n < points.length - 1; n++) {
    const [a, b, c, d] = [points[Math.max(0, n - 1)]!, points[n]!, points[n + 1]!, points[Math.min(points.length - 1, n + 2)]!];
    for (let s = 0; s < steps; s++) {
      const t = s / steps;
      out.push([0, 1, 2].map((k) => 0.5 * (2 * b[k]! + (c[k]! - a[k]!) * t + (2 * a[k]! - 5 * b[k]! + 4 * c[k]! - d[k]!) * t * t + (3 * b[k]! - a[k]! - 3 * c[k]! + d[k]!) * t ** 3)) as Vec3);
    }
  }
  out.push(points[points.length - 1]!);
  return out;
}

/** A tube along points, with closed ends. */
export function tube(points: Vec3[], radius: number, sides = 7): Mesh {
  const rings = points.length;
  const positions = new Float32Array((rings * sides + 2) * 3), normals = new Float32Array((rings * sides + 2) * 3);
  const indices: number[] = [];
  let side: Vec3 = [0, 0, 0];
  for (let n = 0; n < rings; n++) {
    const along = normal(less(points[Math.min(rings - 1, n + 1)]!, points[Math.max(0, n - 1)]!));
    if (n === 0) side = normal(cross(along, Math.abs(along[0]) < 0.7 ? [1, 0, 0] : [0, 1, 0]));
    side = normal(less(side, along.map((part) => part * dot(side, along)) as Vec3));
    const up = cross(along, side);
    for (let s = 0; s < sides; s++) {
      const angle = (2 * Math.PI * s) / sides;
      const out = plus(side.map((part) => part * Math.cos(angle)) as Vec3, up, Math.sin(angle));
      normals.set(out, (n * sides + s) * 3);
      positions.set(plus(points[n]!, out, radius), (n * sides + s) * 3);
      const a = n * sides + s, b = n * sides + ((s + 1) % sides);
      if (n < rings - 1) indices.push(a, b, a + sides, b, b + sides, a + sides);
    }
  }
  for (const [end, n] of [[0, 0], [1, rings - 1]] as const) {
    const middle = rings * sides + end;
    positions.set(points[n]!, middle * 3);
    normals.set(normal(end ? less(points[n]!, points[n - 1]!) : less(points[0]!, points[1]!)), middle * 3);
    for (let s = 0; s < sides; s++) {
      const a = n * sides + s, b = n * sides + ((s + 1) % sides);
      indices.push(...(end ? [middle, a, b] : [middle, b, a]));
    }
  }
  return { positions, normals, indices: Uint32Array.from(indices) };
}

export function ball(centre: Vec3, radius: number, rings = 40): Mesh {
  const across = rings * 2;
  const positions: number[] = [], normals: number[] = [], indices: number[] = [];
  for (let i = 0; i <= rings; i++)
    for (let j = 0; j <= across; j++) {
      const tilt = (Math.PI * i) / rings, rot = (2 * Math.PI * j) / across;
      const out: Vec3 = [Math.sin(tilt) * Math.cos(rot), Math.sin(tilt) * Math.sin(rot), Math.cos(tilt)];
      normals.push(...out);
      positions.push(...plus(centre, out, radius));
      const a = i * (across + 1) + j, b = a + across + 1;
      if (i < rings && j < across) indices.push(a, b, a + 1, a + 1, b, b + 1);
    }
  return { positions: Float32Array.from(positions), normals: Float32Array.from(normals), indices: Uint32Array.from(indices) };
}

export function brick(centre: Vec3, widths: Vec3): Mesh {
  const positions: number[] = [], normals: number[] = [], indices: number[] = [];
  for (let axis = 0; axis < 3; axis++)
    for (const sign of [-1, 1]) {
      const u = (axis + 1) % 3, v = (axis + 2) % 3, first = positions.length / 3;
      for (const [a, b] of [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const) {
        const at = [...centre] as Vec3, out: Vec3 = [0, 0, 0];
        at[axis]! += (sign * widths[axis]!) / 2;
        at[u]! += (a * widths[u]!) / 2;
        at[v]! += (b * widths[v]!) / 2;
        out[axis] = sign;
        positions.push(...at);
        normals.push(...out);
      }
      indices.push(...(sign > 0 ? [0, 1, 2, 0, 2, 3] : [0, 2, 1, 0, 3, 2]).map((n) => first + n));
    }
  return { positions: Float32Array.from(positions), normals: Float32Array.from(normals), indices: Uint32Array.from(indices) };
}

/** Several bodies as one. */
export function joined(meshes: Mesh[]): Mesh {
  const positions = new Float32Array(meshes.reduce((sum, mesh) => sum + mesh.positions.length, 0));
  const normals = new Float32Array(positions.length);
  const indices = new Uint32Array(meshes.reduce((sum, mesh) => sum + mesh.indices.length, 0));
  let at = 0, used = 0;
  for (const mesh of meshes) {
    positions.set(mesh.positions, at);
    normals.set(mesh.normals, at);
    for (let n = 0; n < mesh.indices.length; n++) indices[used + n] = mesh.indices[n]! + at / 3;
    at += mesh.positions.length;
    used += mesh.indices.length;
  }
  return { positions, normals, indices };
}
