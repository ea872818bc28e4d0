import { describe, expect, it } from "vitest";
import type { JobRow } from "../../app/data";
import { lanes, sums, ticks } from "./lanes";

function run(number: string, started: number, ended: number, place = "CPU", state = "finished"): JobRow {
  return { number, name: "", type: "", label: "", type_title: "", title: number, alias: "", state, flags: [], key: "", progress: null, started, ended, place, sentence: "" };
}

describe("lanes of runs", () => {
  it("puts overlapping runs of a place under one another, GPUs above the processors", () => {
    const found = lanes([run("1", 10, 50), run("2", 20, 60), run("3", 60, 70), run("4", 10, 20, "GPU 1"), run("5", 10, 20, "GPU 0")], 0, 100, 100);
    expect(found.map((lane) => lane.place)).toEqual(["GPU 0", "GPU 1", "CPU"]);
    expect(found[2]!.bars.map((bar) => bar.row)).toEqual([0, 1, 0]);
    expect(found[2]!.rows).toBe(2);
  });
  it("lets a running job end now and leaves out what is not in the span", () => {
    const found = lanes([run("1", 10, 0, "CPU", "running"), run("2", 1, 5)], 8, 100, 90);
    expect(found[0]!.bars).toHaveLength(1);
    expect(found[0]!.bars[0]!.to_s).toBe(90);
  });
  it("sums what was computed and how many ran at once", () => {
    const found = lanes([run("1", 1, 50), run("2", 25, 100), run("3", 50, 60)], 0, 100, 100);
    expect(sums(found, 0, 100)).toEqual({ computed_s: 134, most: 2 });
  });
  it("never draws more lines than can be read", () => {
    for (const length of [600, 8 * 3600, 7 * 86400, 84 * 86400]) expect(ticks(1e9, 1e9 + length).length).toBeLessThanOrEqual(9);
  });
});
