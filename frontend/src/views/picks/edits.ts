// What a person did to picks, as entries of a draft: added, cut, done, limits; and what that leaves. Pure.
import type { Json } from "../../parts/history";

/** Limits on the scores and distances of older picks; null: none. */
export interface Limits {
  least: number | null;
  most: number | null;
  /** Å */
  distance: number | null;
}

/** The edits of one micrograph. added: by id; cut: places of older picks that were removed or erased, with their score. */
export interface Edits {
  added: Map<string, [number, number]>;
  cut: Map<string, number | null>;
  done: boolean;
}

/** Older picks of one micrograph, as the server has them. */
export interface Older {
  x: number[];
  y: number[];
  score: (number | null)[];
}

/** A pick as it is drawn and hit: older (by number) or added (by id). */
export interface Pick {
  key: string;
  x: number;
  y: number;
  score: number | null;
  added: boolean;
  /** Within the limits. */
  kept: boolean;
}

export const NO_LIMITS: Limits = { least: null, most: null, distance: null };
const SEP = "|";

export const addKey = (micrograph: string, id: string) => ["add", id, micrograph].join(SEP);
export const cutKey = (micrograph: string, x: number, y: number) => ["cut", `${x},${y}`, micrograph].join(SEP);
export const doneKey = (micrograph: string) => ["done", "", micrograph].join(SEP);
export const limitKey = (name: keyof Limits) => ["limit", name, ""].join(SEP);

/** An id that no other browser makes, short. */
export function freshId(): string {
  return `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
}

/** The entries of a draft, sorted by micrograph. */
export function sortEdits(values: ReadonlyMap<string, Json>): { edits: Map<string, Edits>; limits: Limits } {
  const edits = new Map<string, Edits>();
  const limits = { ...NO_LIMITS };
  for (const [key, value] of values) {
    const [what, id, ...rest] = key.split(SEP);
    const micrograph = rest.join(SEP);
    if (what === "limit") {
      if (typeof value === "number" && id && id in limits) limits[id as keyof Limits] = value;
      continue;
    }
    if (!micrograph || id === undefined) continue;
    let found = edits.get(micrograph);
    if (!found) edits.set(micrograph, (found = { added: new Map(), cut: new Map(), done: false }));
    if (what === "add" && Array.isArray(value)) found.added.set(id, [Number(value[0]), Number(value[1])]);
    else if (what === "cut") found.cut.set(id, typeof value === "number" ? value : null);
    else if (what === "done") found.done = value === true;
  }
  return { edits, limits };
}

function counts(score: number | null, limits: Limits): boolean {
  if (score === null || Number.isNaN(score)) return true;
  return (limits.least === null || score >= limits.least) && (limits.most === null || score <= limits.most);
}

/** Which of some picks the limits leave; as the job does it: of two that are too close the better stays, of equals the first. */
export function withinLimits(x: ArrayLike<number>, y: ArrayLike<number>, score: ArrayLike<number | null>, limits: Limits, distancePx: number): boolean[] {
  const kept = Array.from({ length: x.length }, (_, n) => counts(score[n] ?? null, limits));
  if (distancePx <= 0) return kept;
  const order = kept.map((_, n) => n).filter((n) => kept[n]);
  const height = (n: number) => score[n] ?? -999;
  order.sort((a, b) => height(b) - height(a) || a - b);
  const cells = new Map<number, number[]>();
  for (const n of order) {
    const [cx, cy] = [Math.floor(x[n]! / distancePx), Math.floor(y[n]! / distancePx)];
    let free = true;
    for (let i = cx - 1; i <= cx + 1 && free; i++)
      for (let j = cy - 1; j <= cy + 1 && free; j++) free = !(cells.get(i * 65536 + j) ?? []).some((m) => (x[m]! - x[n]!) ** 2 + (y[m]! - y[n]!) ** 2 < distancePx ** 2);
    if (!free) kept[n] = false;
    else cells.set(cx * 65536 + cy, [...(cells.get(cx * 65536 + cy) ?? []), n]);
  }
  return kept;
}

/** The picks of one micrograph as they are drawn: the older that were not cut, then those added. */
export function picksOf(older: Older | undefined, edits: Edits | undefined, limits: Limits, pixelSizeA: number): Pick[] {
  const picks: Pick[] = [];
  if (older) {
    const kept = withinLimits(older.x, older.y, older.score, limits, limits.distance && pixelSizeA ? limits.distance / pixelSizeA : 0);
    older.x.forEach((x, n) => {
      const y = older.y[n]!;
      const place = `${x},${y}`;
      if (!edits?.cut.has(place)) picks.push({ key: place, x, y, score: older.score[n] ?? null, added: false, kept: kept[n]! });
    });
  }
  for (const [id, [x, y]] of edits?.added ?? []) picks.push({ key: id, x, y, score: null, added: true, kept: true });
  return picks;
}

/** For each micrograph how many picks stay: older within the score limits, less those cut, and those added. */
export function countAll(names: string[], sizes: ArrayLike<number>, scores: Float32Array, edits: ReadonlyMap<string, Edits>, limits: Limits): Uint32Array {
  const left = new Uint32Array(names.length);
  const [least, most] = [limits.least ?? -Infinity, limits.most ?? Infinity];
  let at = 0;
  for (let n = 0; n < names.length; n++) {
    const end = at + sizes[n]!;
    let count = 0;
    for (; at < end; at++) {
      const score = scores[at]!;
      if (!(score < least || score > most) || score < -900) count++;
    }
    left[n] = count;
  }
  names.forEach((name, n) => {
    const own = edits.get(name);
    if (!own) return;
    let cut = 0;
    for (const score of own.cut.values()) if (counts(score, limits)) cut++;
    left[n] = Math.max(0, left[n]! - cut) + own.added.size; // picks that were cut may be gone from the list since
  });
  return left;
}

/** The answer that the job takes. */
export function answerOf(edits: ReadonlyMap<string, Edits>, limits: Limits): { [name: string]: Json } {
  const micrographs: { [name: string]: Json } = {};
  for (const [name, own] of [...edits].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const added = [...own.added.values()];
    const removed = [...own.cut.keys()].map((place) => place.split(",").map(Number));
    if (added.length || removed.length || own.done) micrographs[name] = { ...(added.length ? { added } : {}), ...(removed.length ? { removed } : {}), ...(own.done ? { done: true } : {}) };
  }
  const threshold = { least: limits.least, most: limits.most, min_distance_A: limits.distance };
  return { micrographs, threshold };
}

/** The pick nearest to a place, within a distance in pixels. */
export function nearest(picks: Pick[], x: number, y: number, within: number): Pick | undefined {
  let best: Pick | undefined;
  let far = within;
  for (const pick of picks) {
    const distance = Math.hypot(pick.x - x, pick.y - y);
    if (distance <= far) [best, far] = [pick, distance];
  }
  return best;
}

/** Picks in the order in which a page is read: bands of a height from above, each from the left. */
export function byPlace(picks: Pick[], band: number): Pick[] {
  const row = (pick: Pick) => Math.floor(pick.y / Math.max(band, 1));
  return [...picks].sort((a, b) => row(a) - row(b) || a.x - b.x);
}

/** Bars of a histogram of scores. */
export function histogram(scores: Float32Array, low: number, high: number, bins: number): Uint32Array {
  const found = new Uint32Array(bins);
  const scale = bins / Math.max(high - low, 1e-9);
  for (const score of scores) if (score >= low && score <= high) found[Math.min(Math.floor((score - low) * scale), bins - 1)]!++;
  return found;
}

/** From the lowest score to the one that all but a few of every thousand stay below: a single wild score makes no scale. */
export function scoreRange(scores: Float32Array): [number, number] {
  const sorted = scores.filter((score) => score > -900).sort();
  if (!sorted.length) return [0, 0];
  const high = sorted[Math.floor((sorted.length - 1) * 0.995)]!;
  return [sorted[0]!, high > sorted[0]! ? high : sorted[sorted.length - 1]!];
}
