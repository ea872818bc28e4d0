import { describe, expect, it } from "vitest";
import { changes } from "./announcing";
import type { JobRow } from "./data";

const job = (state: string, done = 0): JobRow => ({ number: "014", title: "round 2", state, key: "", progress: { done, total: 100, unit: "iterations", note: "" } }) as unknown as JobRow;

describe("what is said of jobs", () => {
  it("speaks at each quarter once, and at the end", () => {
    const said: string[] = [];
    let { now } = changes(new Map(), [job("running", 3)]);
    for (const [state, done] of [["running", 20], ["running", 26], ["running", 30], ["running", 51], ["running", 99], ["finished", 100]] as const) {
      const next = changes(now, [job(state, done)]);
      said.push(...next.news.map((one) => one.sentence));
      now = next.now;
    }
    expect(said).toEqual(["round 2: 25 percent", "round 2: 50 percent", "round 2: 75 percent", "round 2 has finished"]);
  });
  it("says nothing of what it sees for the first time", () => {
    expect(changes(new Map(), [job("failed")]).news).toEqual([]);
  });
});
