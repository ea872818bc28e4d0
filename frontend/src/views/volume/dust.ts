// Takes small loose pieces off a surface: noise above the level. Whole pieces stay or go.
import type { Mesh } from "./surface";

/** Pieces with less than this share of the largest piece's triangles are dust. */
const SHARE = 0.01;

/** The surface without dust, and how many pieces went. Vertices keep their numbers; only triangles go. */
export function dusted(mesh: Mesh): { mesh: Mesh; pieces: number } {
  const count = mesh.positions.length / 3;
  const leader = new Uint32Array(count);
  for (let n = 0; n < count; n++) leader[n] = n;
  const find = (n: number): number => {
    while (leader[n] !== n) {
      leader[n] = leader[leader[n]!]!;
      n = leader[n]!;
    }
    return n;
  };
  const index = mesh.indices;
  for (let t = 0; t < index.length; t += 3) {
    const a = find(index[t]!), b = find(index[t + 1]!);
    if (a !== b) leader[a] = b;
    const c = find(index[t + 2]!), d = find(b);
    if (c !== d) leader[c] = d;
  }
  const sizes = new Uint32Array(count);
  for (let t = 0; t < index.length; t += 3) sizes[find(index[t]!)]!++;
  let largest = 0;
  for (const size of sizes) largest = Math.max(largest, size);
  const least = Math.max(24, largest * SHARE);
  let pieces = 0;
  for (const size of sizes) if (size && size < least) pieces++;
  if (!pieces || largest < least) return { mesh, pieces: 0 };
  const kept = new Uint32Array(index.length);
  let used = 0;
  for (let t = 0; t < index.length; t += 3) if (sizes[find(index[t]!)]! >= least) for (let n = 0; n < 3; n++) kept[used++] = index[t + n]!;
  return { mesh: { ...mesh, indices: kept.slice(0, used) }, pieces };
}
