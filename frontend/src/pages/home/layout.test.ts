import { describe, expect, it } from "vitest";
import { kin, near, scrolled, scrollTo, stagesLayout, step, type GraphPage } from "./layout";

function page(count: number, edges: [number, number][]): GraphPage {
  const nodes = Array.from({ length: count }, (_, i) => ({ job: String(i + 1).padStart(3, "0"), title: `t${i}`, state: "finished", key: "", share: null, stage: i % 6, row: Math.floor(i / 6), x: 0, members: [], thumb: "" }));
  return { stages: ["a", "b", "c", "d", "e", "f"], nodes, edges, rows: Math.ceil(count / 6), width: 0, focus: "" };
}

describe("the picture of the pipeline", () => {
  it("lights ancestors and descendants and nothing beside them", () => {
    const ways = near(page(6, [[0, 1], [1, 2], [1, 3], [4, 2], [3, 5]]));
    expect([...kin(3, ways)].sort()).toEqual([0, 1, 3, 5]);
    expect([...kin(1, ways)].sort()).toEqual([0, 1, 2, 3, 5]);
  });
  it("walks along lines and down columns", () => {
    const drawn = page(13, [[0, 7]]);
    const ways = near(drawn);
    expect(step("ArrowRight", 0, drawn, ways, false)).toBe(7);
    expect(step("ArrowLeft", 7, drawn, ways, false)).toBe(0);
    expect(step("ArrowDown", 0, drawn, ways, false)).toBe(6);
    expect(step("ArrowDown", 6, drawn, ways, false)).toBe(12);
    expect(step("ArrowDown", 12, drawn, ways, false)).toBeUndefined();
  });
  it("lets each column scroll by itself: short ones stay, and the foot shows the newest of all", () => {
    const drawn = page(8, []);
    for (let i = 0; i < 60; i++) drawn.nodes.push({ ...drawn.nodes[5]!, job: String(100 + i), row: 2 + i });
    drawn.rows = 62;
    const whole = stagesLayout(drawn, 760, 400, false);
    const top = whole.height - 400;
    const foot = scrolled(whole, drawn, top, 400);
    expect(foot.y[0]! - top).toBe(whole.y[0]!);
    const last = foot.y[drawn.nodes.length - 1]! - top;
    expect(last).toBeGreaterThan(300);
    expect(last + whole.node_height).toBeLessThanOrEqual(400);
    expect(scrollTo(0, whole, drawn, 400)).toBe(-1);
    expect(scrollTo(drawn.nodes.length - 1, whole, drawn, 400)).toBeCloseTo(top);
  });
  it("keeps nodes inside their columns, and lays out 5,000 jobs at once", () => {
    const drawn = page(5000, []);
    const began = performance.now();
    const at = stagesLayout(drawn, 760, 400, false);
    expect(performance.now() - began).toBeLessThan(100);
    expect(Math.max(...at.x) + at.node_width).toBeLessThanOrEqual(760);
    expect(at.node_height).toBeGreaterThanOrEqual(40);
  });
});
