// Runs as bars in lanes of devices and places: who runs beside whom, and how long in all; pure numbers.
import type { JobRow } from "../../app/data";

export interface Bar {
  job: JobRow;
  from_s: number;
  to_s: number;
  /** Its row within the lane, where runs overlap. */
  row: number;
}

export interface Lane {
  place: string;
  bars: Bar[];
  rows: number;
}

export const SPANS = { hours: 8 * 3600, days: 7 * 86400, weeks: 12 * 7 * 86400 } as const;
export type Span = keyof typeof SPANS;
const MOST_ROWS = 3;

/** The lanes of a span of time; a run that lasts still ends now. Lanes stand GPUs first, then CPU, then queues. */
export function lanes(jobs: JobRow[], from_s: number, to_s: number, now_s: number): Lane[] {
  const found = new Map<string, Bar[]>();
  for (const job of jobs) {
    const lives = job.state === "running" || job.state === "silent";
    const end = lives ? now_s : job.ended;
    if (!job.started || !end || end < from_s || job.started > to_s) continue;
    const place = job.place || "CPU";
    found.set(place, [...(found.get(place) ?? []), { job, from_s: Math.min(job.started, end), to_s: end, row: 0 }]);
  }
  const order = (place: string) => (place.startsWith("GPU") ? `0${place}` : place === "CPU" ? "1" : `2${place}`);
  return [...found].sort(([a], [b]) => order(a).localeCompare(order(b), "en", { numeric: true })).map(([place, bars]) => {
    bars.sort((a, b) => a.from_s - b.from_s);
    const ends: number[] = [];
    for (const bar of bars) {
      const free = ends.findIndex((end) => end <= bar.from_s + 1);
      bar.row = free >= 0 ? free : Math.min(ends.length, MOST_ROWS - 1);
      ends[bar.row] = Math.max(ends[bar.row] ?? 0, bar.to_s);
    }
    return { place, bars, rows: Math.max(1, ends.length) };
  });
}

/** Seconds computed in a span of time, all jobs together, and the most that ran at once. */
export function sums(found: Lane[], from_s: number, to_s: number): { computed_s: number; most: number } {
  const edges: [number, number][] = [];
  let computed_s = 0;
  for (const { bars } of found)
    for (const bar of bars) {
      const [a, b] = [Math.max(from_s, bar.from_s), Math.min(to_s, bar.to_s)];
      if (b <= a) continue;
      computed_s += b - a;
      // A run begins at a whole second: those that only touch are not together.
      edges.push([a, 1], [Math.max(a, b - 1), -1]);
    }
  edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let [now, most] = [0, 0];
  for (const [, step] of edges) most = Math.max(most, (now += step));
  return { computed_s, most };
}

/** Times at which a line stands, with what is written at it. */
export function ticks(from_s: number, to_s: number, most = 8): { at_s: number; text: string }[] {
  const steps = [300, 600, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 2 * 86400, 7 * 86400, 14 * 86400, 28 * 86400];
  const step = steps.find((size) => (to_s - from_s) / size <= most) ?? steps[steps.length - 1]!;
  const zone_s = new Date(from_s * 1000).getTimezoneOffset() * 60;
  const found = [];
  for (let at_s = Math.ceil((from_s - zone_s) / step) * step + zone_s; at_s <= to_s; at_s += step) {
    const time = new Date(at_s * 1000);
    const clock = `${String(time.getHours()).padStart(2, "0")}:${String(time.getMinutes()).padStart(2, "0")}`;
    const date = `${time.getDate()} ${time.toLocaleString("en-GB", { month: "short" })}`;
    found.push({ at_s, text: step >= 86400 || clock === "00:00" ? date : clock });
  }
  return found;
}

/** When the newest run ended, or now; 0 where none is known. */
function newestRun(jobs: JobRow[], now_s: number): number {
  return jobs.reduce((most, job) => Math.max(most, job.state === "running" ? now_s : job.started ? job.ended : 0), 0);
}

/** The shortest span in which the newest run is seen, and how far back it begins, so that the lanes are not empty where there is something. */
export function bestSpan(jobs: JobRow[], now_s: number): { span: Span; back_s: number } {
  const ago_s = now_s - newestRun(jobs, now_s);
  if (ago_s < SPANS.hours * 0.8) return { span: "hours", back_s: 0 };
  if (ago_s < SPANS.days * 0.8) return { span: "days", back_s: 0 };
  return { span: "weeks", back_s: ago_s < SPANS.weeks * 0.8 || ago_s === now_s ? 0 : ago_s - SPANS.weeks * 0.1 };
}
