// The job list in its groups: needs you, running, queued, scheduled, finished; and its orders.
import type { JobRow } from "./data";
import type { Order } from "./folds";

export interface Group {
  title: string;
  jobs: JobRow[];
}

const FRESH_S = 7 * 86400;

/** What is read or dismissed of a job: its end, so that a new failure is news again. */
export function markOf(job: Pick<JobRow, "number" | "state" | "ended">): string {
  return `${job.number}@${job.state}${Math.round(job.ended)}`;
}

/** Whether a job waits for its user: a question, a silence, a failure of these days that was not seen. */
export function needsYou(job: JobRow, read: ReadonlySet<string>, now_s: number): boolean {
  if (job.state === "needs_you" || job.state === "silent") return true;
  return job.state === "failed" && now_s - job.ended < FRESH_S && !read.has(markOf(job));
}

/** Words in a row, each found somewhere in number, alias, type or title. */
export function fits(job: JobRow, words: string): boolean {
  const text = `${job.number} job${job.number} ${job.title} ${job.type_title} ${job.name} ${job.state}`.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

export function inOrder(jobs: JobRow[], order: Order): JobRow[] {
  const found = [...jobs];
  if (order === "name") found.sort((a, b) => a.title.localeCompare(b.title, "en", { numeric: true }) || a.number.localeCompare(b.number));
  else if (order === "type") found.sort((a, b) => a.type_title.localeCompare(b.type_title) || Number(b.number) - Number(a.number));
  else found.sort((a, b) => Number(b.number) - Number(a.number));
  return found;
}

/** The groups that are not empty. A fresh failure stands in "Needs you" and in "Finished". */
export function groups(jobs: JobRow[], order: Order, read: ReadonlySet<string>, now_s: number): Group[] {
  const sorted = inOrder(jobs, order);
  const asks = (job: JobRow) => needsYou(job, read, now_s);
  const of = (...states: string[]) => sorted.filter((job) => states.includes(job.state));
  const all: Group[] = [
    { title: "Needs you", jobs: sorted.filter(asks) },
    { title: "Running", jobs: of("running") },
    { title: "Queued", jobs: of("queued") },
    { title: "Scheduled", jobs: of("scheduled") },
    { title: "Finished", jobs: of("finished", "failed", "aborted") },
  ];
  return all.filter((group) => group.jobs.length);
}
