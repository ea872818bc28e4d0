// Where the eye is: a turn as a quaternion, how many Å the picture is high, and where its middle is. Parallel, so that a scale bar is true.
import type { Vec3 } from "./grid";

export type Quaternion = [number, number, number, number];

export interface Camera {
  /** x, y, z, w: turns the map's axes into right, up and towards the eye. */
  turn: Quaternion;
  /** Half of what the picture shows from bottom to top, in Å. */
  half_A: number;
  /** The picture's middle, right and up from the map's centre, in Å. */
  pan_A: [number, number];
}

export const FRONT: Quaternion = [0, 0, 0, 1];

export function times(a: Quaternion, b: Quaternion): Quaternion {
  const [ax, ay, az, aw] = a, [bx, by, bz, bw] = b;
  return [aw * bx + ax * bw + ay * bz - az * by, aw * by - ax * bz + ay * bw + az * bx, aw * bz + ax * by - ay * bx + az * bw, aw * bw - ax * bx - ay * by - az * bz];
}

export function unit(q: Quaternion): Quaternion {
  const length = Math.hypot(...q) || 1;
  return q.map((part) => part / length) as Quaternion;
}

export function about(axis: Vec3, angle: number): Quaternion {
  const s = Math.sin(angle / 2) / (Math.hypot(...axis) || 1);
  return [axis[0] * s, axis[1] * s, axis[2] * s, Math.cos(angle / 2)];
}

/** The turn as a matrix, row by row. */
export function rows([x, y, z, w]: Quaternion): [Vec3, Vec3, Vec3] {
  return [
    [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
    [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
    [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
  ];
}

/** Turn by a drag over the picture, as if the map were held: right by `right`, up by `up`, both in radians. */
export function dragged(camera: Camera, right: number, up: number): Camera {
  const angle = Math.hypot(right, up);
  return angle ? { ...camera, turn: unit(times(about([-up, right, 0], angle), camera.turn)) } : camera;
}

/** As text for the address: "0.1,0,0,0.995,80,0,0". */
export function toText(camera: Camera): string {
  const short = (value: number, places: number) => String(+value.toFixed(places));
  return [...camera.turn.map((part) => short(part, 4)), short(camera.half_A, 2), ...camera.pan_A.map((part) => short(part, 2))].join(",");
}

export function fromText(text: string | null): Camera | null {
  const said = (text ?? "").split(",").map(Number);
  if (said.length !== 7 || said.some((part) => !Number.isFinite(part)) || said[4]! <= 0 || Math.hypot(...said.slice(0, 4)) < 0.1) return null;
  return { turn: unit(said.slice(0, 4) as Quaternion), half_A: said[4]!, pan_A: [said[5]!, said[6]!] };
}

/** A round length for a scale bar that takes about `share` of a width in Å. */
export function barLength(width_A: number, share = 0.25): number {
  const wanted = width_A * share;
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * ([5, 2, 1].find((step) => step * power <= wanted) ?? 1);
}

/** Rotation axes of a point group, as unit vectors with their fold: C4, D2, T, O, I, I1 to I4 as RELION sets them. */
export function axesOf(group: string): { axis: Vec3; fold: number }[] {
  const name = group.trim().toUpperCase();
  const simple = /^([CD])(\d+)$/.exec(name);
  if (simple) {
    const fold = Number(simple[2]);
    const found: { axis: Vec3; fold: number }[] = fold > 1 ? [{ axis: [0, 0, 1], fold }] : [];
    if (simple[1] === "D") for (let n = 0; n < fold; n++) found.push({ axis: [Math.cos((Math.PI * n) / fold), Math.sin((Math.PI * n) / fold), 0], fold: 2 });
    return found;
  }
  const gold = (1 + Math.sqrt(5)) / 2;
  const seeds: Record<string, [number, Vec3][]> = {
    T: [[3, [0, 0, 1]], [2, [0, Math.sqrt(2 / 3), Math.sqrt(1 / 3)]]],
    O: [[3, [1, 1, 1]], [4, [0, 0, 1]]],
    I1: [[2, [1, 0, 0]], [5, [gold, 0, -1]], [2, [0, 0, 1]]],
    I2: [[2, [0, 0, 1]], [5, [1, 0, gold]], [2, [1, 0, 0]]],
    I3: [[2, [-1, 0, gold]], [5, [0, 0, 1]]],
    I4: [[2, [1, 0, gold]], [5, [0, 0, 1]]],
  };
  const chosen = seeds[name === "I" ? "I2" : name];
  return chosen ? closed(chosen) : [];
}

/** All axes of the group that some rotations make. */
function closed(seeds: [number, Vec3][]): { axis: Vec3; fold: number }[] {
  const steps = seeds.map(([fold, axis]) => about(axis, (2 * Math.PI) / fold));
  const found: Quaternion[] = [FRONT];
  const same = (a: Quaternion, b: Quaternion) => Math.abs(a.reduce((sum, part, n) => sum + part * b[n]!, 0)) > 1 - 1e-6;
  for (let at = 0; at < found.length && found.length <= 60; at++)
    for (const step of steps) {
      const next = unit(times(step, found[at]!));
      if (!found.some((one) => same(one, next))) found.push(next);
    }
  const axes: { axis: Vec3; fold: number }[] = [];
  for (const turn of found.slice(1)) {
    const length = Math.hypot(turn[0], turn[1], turn[2]);
    const axis = [turn[0] / length, turn[1] / length, turn[2] / length] as Vec3;
    const fold = Math.round(Math.PI / Math.min(Math.atan2(length, Math.abs(turn[3])), Math.PI / 2));
    const known = axes.find((one) => Math.abs(one.axis[0] * axis[0] + one.axis[1] * axis[1] + one.axis[2] * axis[2]) > 1 - 1e-6);
    if (!known) axes.push({ axis, fold });
    else known.fold = Math.max(known.fold, fold);
  }
  return axes;
}
