// Which micrographs go on: ranges on columns, verdicts by hand that beat them; plain arrays, so that 10,000 follow the hand.
import type { Json } from "../../parts/history";

export const KEPT = 0;
export const OUT_BY_RANGE = 1;
export const KEPT_BY_HAND = 2;
export const OUT_BY_HAND = 3;

export type Range = [low: number | null, high: number | null];

/** A choice as the answer file has it. */
export interface Choice {
  ranges: Record<string, Range>;
  by_hand: Record<string, "keep" | "out">;
  fits: Record<string, Record<string, number>>;
}

export interface Judged {
  /** KEPT ... OUT_BY_HAND of each micrograph. */
  verdicts: Uint8Array;
  kept: number;
  outByRange: number;
  byHand: number;
  outByHand: number;
  /** Micrographs outside each range. */
  outOf: Record<string, number>;
}

/** The key of a value in a draft. */
export const rangeKey = (column: string) => `range:${column}`;
export const handKey = (micrograph: string) => `hand:${micrograph}`;
export const fitKey = (micrograph: string) => `fit:${micrograph}`;

/** What a draft says, over what is proposed. */
export function choiceOf(values: ReadonlyMap<string, Json>, proposed: Record<string, Range>): Choice {
  const choice: Choice = { ranges: { ...proposed }, by_hand: {}, fits: {} };
  for (const [key, value] of values) {
    const [kind, name] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
    if (kind === "range" && Array.isArray(value)) choice.ranges[name] = [number(value[0]), number(value[1])];
    else if (kind === "hand" && (value === "keep" || value === "out")) choice.by_hand[name] = value;
    else if (kind === "fit" && value && typeof value === "object" && !Array.isArray(value)) choice.fits[name] = value as Record<string, number>;
  }
  return choice;
}

function number(value: Json | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Ranges that say something. */
export function closedRanges(ranges: Record<string, Range>): Record<string, Range> {
  return Object.fromEntries(Object.entries(ranges).filter(([, [low, high]]) => low !== null || high !== null));
}

/** Whether a value lies in a range; what is no number is in none. */
export function within(value: number, range: Range | undefined): boolean {
  if (!range) return true;
  const [low, high] = range;
  if (low === null && high === null) return true;
  return value >= (low ?? -Infinity) && value <= (high ?? Infinity);
}

/** Columns with the values of those that were fitted again in their place. */
export function withFits(columns: Record<string, Float64Array>, names: string[], fits: Choice["fits"]): Record<string, Float64Array> {
  const changed = Object.keys(fits);
  if (!changed.length) return columns;
  const found = Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.slice()]));
  const place = new Map(names.map((name, row) => [name, row]));
  for (const name of changed) {
    const row = place.get(name);
    if (row === undefined) continue;
    for (const [column, value] of Object.entries(fits[name]!)) if (found[column]) found[column]![row] = value;
  }
  return found;
}

export function judge(columns: Record<string, Float64Array>, names: string[], choice: Choice): Judged {
  const verdicts = new Uint8Array(names.length);
  const outOf: Record<string, number> = {};
  for (const [column, [low, high]] of Object.entries(choice.ranges)) {
    const values = columns[column];
    outOf[column] = 0;
    if (!values || (low === null && high === null)) continue;
    const [least, most] = [low ?? -Infinity, high ?? Infinity];
    let out = 0;
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!;
      if (value >= least && value <= most) continue;
      verdicts[row] = OUT_BY_RANGE;
      out++;
    }
    outOf[column] = out;
  }
  let byHand = 0;
  let outByHand = 0;
  if (Object.keys(choice.by_hand).length)
    for (let row = 0; row < names.length; row++) {
      const said = choice.by_hand[names[row]!];
      if (!said) continue;
      byHand++;
      if (said === "out") outByHand++;
      verdicts[row] = said === "keep" ? KEPT_BY_HAND : OUT_BY_HAND;
    }
  let outByRange = 0;
  for (const verdict of verdicts) if (verdict === OUT_BY_RANGE) outByRange++;
  return { verdicts, outOf, byHand, outByHand, outByRange, kept: names.length - outByRange - outByHand };
}

export const isKept = (verdict: number | undefined) => verdict === KEPT || verdict === KEPT_BY_HAND;

/** Row numbers that a list shows, in its order; what is no number comes last. */
export function listed(judged: Judged, show: Show, marked: ReadonlySet<number>, order: { values: ArrayLike<number> | string[]; down: boolean } | null): Uint32Array {
  const rows: number[] = [];
  for (let row = 0; row < judged.verdicts.length; row++) {
    const verdict = judged.verdicts[row]!;
    if (show === "kept" ? isKept(verdict) : show === "out" ? !isKept(verdict) : show === "hand" ? verdict >= KEPT_BY_HAND : show === "marked" ? marked.has(row) : true) rows.push(row);
  }
  if (order) {
    const { values } = order;
    const sign = order.down ? -1 : 1;
    rows.sort((a, b) => {
      const [x, y] = [values[a]!, values[b]!];
      if (typeof x === "string" || typeof y === "string") return sign * String(x).localeCompare(String(y), "en", { numeric: true }) || a - b;
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
      return sign * (x - y) || a - b;
    });
  }
  return Uint32Array.from(rows);
}

export type Show = "all" | "kept" | "out" | "hand" | "marked";

/** The end that all short names share, such as "_frameImage", which tells nothing; "" where there is none. */
export function sharedEnd(names: string[]): string {
  if (names.length < 2) return "";
  let end = shortName(names[0]!);
  for (const name of names) {
    const short = shortName(name);
    while (end && !short.endsWith(end)) end = end.slice(1);
    if (!end) return "";
  }
  const at = end.search(/[_-]/);
  return at < 0 || end.length - at < 4 ? "" : end.slice(at);
}

/** A short name of a micrograph: its file without folders and ending, what all names share at the start cut off when it is long. */
export function shortName(name: string): string {
  const file = name.slice(name.lastIndexOf("/") + 1);
  return file.replace(/\.(mrcs?|tiff?|eer|star)$/i, "");
}
