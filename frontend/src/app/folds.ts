// What is folded away and what is chosen in the frame, remembered in this browser.
import { effect, signal } from "@preact/signals";

function kept<T extends string>(key: string, otherwise: T) {
  const found = signal<T>((localStorage.getItem(key) as T | null) ?? otherwise);
  effect(() => localStorage.setItem(key, found.value));
  return found;
}

type Fold = "open" | "folded";

/** The job list on job pages, on full-page tools, and on the home page. */
export const listFold = kept<Fold>("vitreous.list.job", "open");
export const toolListFold = kept<Fold>("vitreous.list.tool", "folded");
export const homeListFold = kept<Fold>("vitreous.list.home", "open");
/** The inspector, which pages draw at their right side. */
export const inspectorFold = kept<Fold>("vitreous.inspector", "open");
/** The rail of job types on the home page. */
export const railFold = kept<Fold>("vitreous.rail", "open");

export type Order = "time" | "name" | "type";
export const jobOrder = kept<Order>("vitreous.jobs.order", "time");
/** The job type that the job list is limited to; "" is all. */
export const typeFilter = signal("");

/** The job that was opened last: `T` leads back to it. */
export const presentJob = signal(sessionStorage.getItem("vitreous.present") ?? "");
effect(() => sessionStorage.setItem("vitreous.present", presentJob.value));

/** Failures and questions that were seen: "020@1795176000". */
const READ = "vitreous.inbox.read";
export const readMarks = signal<Set<string>>(new Set(JSON.parse(localStorage.getItem(READ) ?? "[]") as string[]));
export function markRead(...marks: string[]): void {
  if (marks.every((mark) => readMarks.value.has(mark))) return;
  readMarks.value = new Set([...readMarks.value, ...marks].slice(-2000));
  localStorage.setItem(READ, JSON.stringify([...readMarks.value]));
}

export function toggle(fold: { value: Fold }): void {
  fold.value = fold.value === "open" ? "folded" : "open";
}
