// Which class averages look like one another: the best agreement over turns in the plane and the mirror, on small polar pictures.
import type { Stack } from "../../parts/stack";

const RINGS = 10;
const SPOKES = 36;

/** A tile as rings and spokes, mean 0 and length 1. */
export function polar(bytes: ArrayLike<number>, size: number): Float32Array {
  const found = new Float32Array(RINGS * SPOKES);
  const middle = size / 2;
  for (let ring = 0; ring < RINGS; ring++)
    for (let spoke = 0; spoke < SPOKES; spoke++) {
      const radius = ((ring + 0.7) / RINGS) * 0.42 * size;
      const angle = (2 * Math.PI * spoke) / SPOKES;
      let sum = 0;
      for (const [dx, dy] of [[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]] as const) {
        const x = Math.min(size - 1, Math.max(0, Math.round(middle + radius * Math.cos(angle)) + dx));
        const y = Math.min(size - 1, Math.max(0, Math.round(middle + radius * Math.sin(angle)) + dy));
        sum += bytes[y * size + x]!;
      }
      found[ring * SPOKES + spoke] = sum * Math.sqrt(ring + 0.7);
    }
  const mean = found.reduce((a, b) => a + b, 0) / found.length;
  let square = 0;
  for (let k = 0; k < found.length; k++) square += (found[k]! -= mean) ** 2;
  const length = Math.sqrt(square) || 1;
  return found.map((value) => value / length);
}

/** The best agreement of two polar pictures, -1 to 1. */
export function agreement(one: Float32Array, other: Float32Array): number {
  let best = -1;
  for (const mirror of [1, -1])
    for (let turn = 0; turn < SPOKES; turn++) {
      let sum = 0;
      for (let ring = 0; ring < RINGS; ring++)
        for (let spoke = 0; spoke < SPOKES; spoke++) sum += one[ring * SPOKES + spoke]! * other[ring * SPOKES + ((mirror * spoke + turn + 2 * SPOKES) % SPOKES)]!;
      best = Math.max(best, sum);
    }
  return best;
}

/** Numbers of the classes that look like one, itself included. */
export function alike(stack: Stack, number: number, least = 0.85): number[] {
  const area = stack.size * stack.size;
  const picture = (place: number) => polar(stack.bytes.subarray(place * area, (place + 1) * area), stack.size);
  const at = stack.at.get(number);
  if (at === undefined) return [number];
  const mine = picture(at);
  return stack.indices.filter((other, place) => other === number || agreement(mine, picture(place)) >= least);
}
