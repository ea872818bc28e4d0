// Classes in order, what a threshold takes, and what a selection leaves. Pure.
import type { Schema } from "../../api/client";
import type { Stack } from "../../parts/stack";

export type ClassRow = Schema<"ClassRow">;
export type Key = "score" | "particles" | "resolution" | "number";

export const TITLES: Record<Key, string> = { score: "score", particles: "particles", resolution: "resolution", number: "class number" };

/** The value by which classes are sorted and cut; higher is better but for resolution. */
function valueOf(row: ClassRow, key: Key): number | null {
  if (key === "score") return row.score;
  if (key === "particles") return row.particles;
  if (key === "resolution") return row.resolution_A;
  return row.index;
}

/** Numbers of the classes, the best first; what is not known comes last. */
export function sorted(classes: ClassRow[], key: Key): number[] {
  const rising = key === "resolution" || key === "number";
  const place = (row: ClassRow) => valueOf(row, key) ?? (rising ? Infinity : -Infinity);
  return [...classes].sort((a, b) => (rising ? place(a) - place(b) : place(b) - place(a)) || b.particles - a.particles || a.index - b.index).map((row) => row.index);
}

export interface Range {
  low: number;
  high: number;
  step: number;
}

/** The range over which a threshold moves. */
export function rangeOf(classes: ClassRow[], key: Key): Range {
  const values = classes.map((row) => valueOf(row, key)).filter((value): value is number => value !== null);
  if (key === "score") return { low: 0, high: 1, step: 0.01 };
  if (key === "particles") return { low: 0, high: Math.max(1, ...values), step: Math.max(1, Math.round(Math.max(1, ...values) / 200)) };
  return { low: Math.floor(Math.min(...values, 50)), high: Math.ceil(Math.max(...values, 1)), step: 0.1 };
}

/** The classes on the good side of a threshold. */
export function passing(classes: ClassRow[], key: Key, threshold: number): number[] {
  return classes
    .filter((row) => {
      const value = valueOf(row, key);
      return value !== null && (key === "resolution" ? value <= threshold : value >= threshold);
    })
    .map((row) => row.index);
}

export interface Left {
  classes: number;
  particles: number;
  of: number;
  percent: number;
}

/** What the marked classes leave. */
export function left(classes: ClassRow[], marked: ReadonlySet<number>): Left {
  let particles = 0;
  let of = 0;
  for (const row of classes) {
    of += row.particles;
    if (marked.has(row.index)) particles += row.particles;
  }
  return { classes: marked.size, particles, of, percent: of ? (100 * particles) / of : 0 };
}

/** Iterations at which to show how a class came to be: the first, the last and some between. */
export function stations(iterations: number[], most: number): number[] {
  const after = iterations.filter((it) => it > 0);
  const all = after.length ? after : iterations;
  if (all.length <= most) return all;
  return [...new Set(Array.from({ length: most }, (_, k) => all[Math.round(((all.length - 1) * k * k) / ((most - 1) * (most - 1)))]!))];
}

/** "Class 9, 7,357 particles, 3.9 percent, 7.4 angstrom, score 0.92", as it is spoken. */
export function spoken(row: ClassRow): string {
  const parts = [`Class ${row.index}`, `${row.particles.toLocaleString("en-GB")} particles`, `${(100 * row.share).toFixed(1)} percent`];
  if (row.resolution_A !== null) parts.push(`${row.resolution_A.toFixed(1)} angstrom`);
  if (row.score !== null) parts.push(`score ${row.score.toFixed(2)}`);
  return parts.join(", ");
}

/** The same pictures under the numbers of the classes they show, where a stack holds only some classes. */
export function numbered(stack: Stack, rows: readonly { index: number; tile: number }[]): Stack {
  const names = new Map(rows.map((row) => [row.tile, row.index]));
  const indices = stack.indices.map((tile) => names.get(tile) ?? 0);
  return { ...stack, indices, at: new Map(indices.map((index, place) => [index, place])) };
}
