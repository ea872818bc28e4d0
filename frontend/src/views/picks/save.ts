// Makes the answer of the edits: to the job that asks, or to a new manual picking job that begins with the picks in view.
import { act, type Schema } from "../../api/client";
import { answerOf } from "./edits";
import type { Desk, Source } from "./usePicks";

/** Gives the number of the job that runs with these picks. */
export async function savePicks(desk: Desk, source: Source, mode: "result" | "answer" | "file", diameterA: number): Promise<string> {
  await desk.draft.flush();
  const answer = answerOf(desk.edits, desk.limits);
  let number = source.job;
  if (mode !== "answer") {
    const values = { micrographs: desk.list.micrographs, start_from: source.path, diameter_A: String(diameterA) };
    number = (await act<Schema<"AddedJobs">>("POST", "jobs", { type: "manual-pick", values, start: false })).number;
  }
  await act<Schema<"Done">>("POST", `jobs/${number}/answer`, { kind: "picks", answer, draft: mode === "answer" ? "picks" : "" });
  return number;
}
