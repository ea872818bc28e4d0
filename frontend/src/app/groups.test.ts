import { describe, expect, it } from "vitest";
import type { JobRow } from "./data";
import { fits, groups, inOrder, markOf } from "./groups";

function job(number: string, state: string, more: Partial<JobRow> = {}): JobRow {
  return { number, name: `Class2D/job${number}`, type: "class2d", label: "relion.class2d", type_title: "2D classification", title: `round ${number}`, alias: "", state, flags: [], key: "", progress: null, started: 0, ended: 1000, place: "", sentence: "", ...more };
}

describe("the groups of the job list", () => {
  const all = [job("001", "finished"), job("002", "failed"), job("003", "running"), job("004", "needs_you"), job("005", "aborted")];
  it("puts a fresh failure into needs you until it was seen, and always into finished", () => {
    const before = groups(all, "time", new Set(), 1100);
    expect(before.map((group) => group.title)).toEqual(["Needs you", "Running", "Finished"]);
    expect(before[0]!.jobs.map((row) => row.number)).toEqual(["004", "002"]);
    expect(before[2]!.jobs.map((row) => row.number)).toEqual(["005", "002", "001"]);
    const after = groups(all, "time", new Set([markOf(all[1]!)]), 1100);
    expect(after[0]!.jobs.map((row) => row.number)).toEqual(["004"]);
  });
  it("does not nag about failures of last year", () => {
    expect(groups([job("002", "failed")], "time", new Set(), 1e9)[0]!.title).toBe("Finished");
  });
  it("orders by name with numbers in their place", () => {
    expect(inOrder([job("001", "finished", { title: "b10" }), job("002", "finished", { title: "b9" })], "name").map((row) => row.title)).toEqual(["b9", "b10"]);
  });
  it("finds by every word", () => {
    expect(fits(all[0]!, "2d 001")).toBe(true);
    expect(fits(all[0]!, "2d 002")).toBe(false);
  });
});
