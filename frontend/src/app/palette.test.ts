import { describe, expect, it } from "vitest";
import { index, ranked, type Entry } from "./paletteIndex";

const job = (number: string, title: string, type: string): Entry => ({ kind: "job", title, more: `${type} job${number} ${number}`, icon: "job" });
const all = index([
  { kind: "place", title: "Disk", more: "sizes clean trash", icon: "disk" },
  { kind: "command", title: "Remake .Nodes/", more: "", icon: "again" },
  { kind: "type", title: "2D classification", more: "relion.class2d vdam", icon: "class2d" },
  job("014", "round 2", "2D classification"),
  job("140", "round 3", "2D classification"),
]);

describe("the palette", () => {
  it("finds a job by its number before others that hold it", () => {
    expect(ranked(all, "014")[0]!.title).toBe("round 2");
    expect(ranked(all, "job140")[0]!.title).toBe("round 3");
  });
  it("finds a type by a synonym", () => {
    expect(ranked(all, "vdam")[0]!.title).toBe("2D classification");
  });
  it("keeps to commands after > and to jobs after #", () => {
    expect(ranked(all, ">").map((entry) => entry.title)).toEqual(["Remake .Nodes/"]);
    expect(ranked(all, "#round").every((entry) => entry.kind === "job")).toBe(true);
  });
  it("answers within 50 ms among 5,000 jobs", () => {
    const many = index(Array.from({ length: 5000 }, (_, i) => job(String(i + 1).padStart(3, "0"), `try ${i} of many`, "3D refinement")));
    ranked(many, "warm up");
    const began = performance.now();
    expect(ranked(many, "3d 4711")[0]!.more).toContain("job4711");
    expect(performance.now() - began).toBeLessThan(50);
  });
});
