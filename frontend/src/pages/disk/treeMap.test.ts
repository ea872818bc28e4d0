import { describe, expect, it } from "vitest";
import { treeMap } from "./treeMap";

describe("tree map", () => {
  const sizes = [500, 300, 100, 60, 30, 10, 0].map((size, item) => ({ item, size }));
  const boxes = treeMap(sizes, 600, 200);
  it("gives each item its share of the area, and nothing to an empty one", () => {
    expect(boxes).toHaveLength(6);
    for (const box of boxes) expect((box.width * box.height) / (600 * 200)).toBeCloseTo(sizes[box.item]!.size / 1000, 6);
  });
  it("stays inside and nearly square", () => {
    for (const box of boxes) {
      expect(box.x).toBeGreaterThanOrEqual(-1e-9);
      expect(box.x + box.width).toBeLessThanOrEqual(600 + 1e-6);
      expect(box.y + box.height).toBeLessThanOrEqual(200 + 1e-6);
      expect(Math.max(box.width / box.height, box.height / box.width)).toBeLessThan(4);
    }
  });
  it("draws nothing of nothing", () => {
    expect(treeMap([], 600, 200)).toEqual([]);
  });
});
