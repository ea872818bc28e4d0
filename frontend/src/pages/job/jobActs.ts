// Acts on a job, each with its word for the user and its way back; every page that offers them takes them from here.
import { signal } from "@preact/signals";
import { act, type Schema } from "../../api/client";
import { readJobs } from "../../app/data";
import { go, to } from "../../app/place";
import { attempt, say } from "../../app/toasts";

type Done = Schema<"Done">;

/** Do an act and say what was done, with Undo where there is a way back. Gives whether it was done. */
export async function doAct(method: "POST" | "DELETE", page: string, body?: unknown, asked: Record<string, string | boolean> = {}): Promise<boolean> {
  const done = await attempt(() => act<Done>(method, page, body, asked));
  if (!done) return false;
  say(upper(done.sentence), { undo: done.undo ?? null });
  void readJobs();
  return true;
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function continueJob(number: string, changed: Record<string, string> = {}): Promise<boolean> {
  return doAct("POST", `jobs/${number}/continue`, { changed });
}

export function stopJob(number: string, force = false): Promise<boolean> {
  return doAct("POST", `jobs/${number}/abort`, { force });
}

export function closeJob(number: string): Promise<boolean> {
  return doAct("POST", `jobs/${number}/close`, {});
}

export function markJob(number: string, as: "finished" | "failed"): Promise<boolean> {
  return doAct("POST", `jobs/${number}/mark`, { as });
}

export function aliasJob(number: string, alias: string): Promise<boolean> {
  return doAct("POST", `jobs/${number}/alias`, { alias });
}

export function noteJob(number: string, text: string): Promise<boolean> {
  return doAct("POST", `jobs/${number}/note`, { text });
}

export function protectJob(number: string, on: boolean): Promise<boolean> {
  return doAct("POST", `jobs/${number}/protect`, { on });
}

export function cleanJobs(how: "gently" | "harshly", jobs: string[]): Promise<boolean> {
  return doAct("POST", "clean", { how, jobs });
}

/** The job that is on its way to the Trash: its own page asks for nothing meanwhile. */
export const going = signal("");

/** Delete a job; the page goes home when it was that job's own. */
export async function deleteJob(number: string, descendants = false): Promise<boolean> {
  going.value = number;
  const done = await doAct("DELETE", `jobs/${number}`, undefined, { descendants });
  if (done && location.pathname.includes(`/job/${number}`)) go(to(""));
  going.value = "";
  return done;
}

/** Bytes for people: 812 kB, 3.4 GB. */
export function bytes(size: number): string {
  let value = size;
  for (const unit of ["bytes", "kB", "MB", "GB"]) {
    if (value < 1000) return unit === "bytes" || value >= 100 ? `${Math.round(value)} ${unit}` : `${Number(value.toPrecision(3))} ${unit}`;
    value /= 1000;
  }
  return `${Number(value.toPrecision(3))} TB`;
}

/** The act of a remedy, by its word. */
export function doRemedy(number: string, remedy: Schema<"Remedy">): void {
  if (remedy.act === "continue") void continueJob(number, remedy.changed);
  else if (remedy.act === "log") go(to(`job/${number}/log`));
  else go(to(remedy.act));
}
