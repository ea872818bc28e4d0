// Saves a selection: as a new Select job that runs at once, or as the answer of a Select job that waits for one.
import { act, type Schema } from "../../api/client";

export interface Saved {
  number: string;
  name: string;
}

/** A new job that keeps these classes; references: recentred averages for picking. */
export async function saveSelection(model: string, classes: number[], recentre: boolean): Promise<Saved> {
  const values = { model, classes: classes.join(","), recentre: recentre ? "Yes" : "No" };
  const made = await act<Schema<"AddedJobs">>("POST", "jobs", { type: "select", values, start: true });
  const fault = made.jobs[0]?.fault;
  if (fault) throw new Error(fault);
  return { number: made.number, name: made.name };
}

/** The answer of a job that asks which classes go on. */
export async function answerWith(number: string, classes: number[]): Promise<Saved> {
  await act<Schema<"Done">>("POST", `jobs/${number}/answer`, { kind: "classes", answer: { classes }, start: true, draft: "classes" });
  return { number, name: `job${number}` };
}
