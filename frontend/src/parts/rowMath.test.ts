// Rows of short and of very long tables stand where they should, and every row can be reached.
import { describe, expect, it } from "vitest";
import { boxHeight, offsetOf, rowsInSight, scrollFor } from "./rowMath";

describe("a table of a thousand rows", () => {
  it("draws what is in sight and a few more", () => {
    const sight = rowsInSight(1000, 30, { top: 3000, height: 300 });
    expect(sight.first).toBeLessThanOrEqual(80);
    expect(sight.behind).toBeGreaterThanOrEqual(130);
    expect(sight.behind - sight.first).toBeLessThan(64);
    expect(sight.height).toBe(30000);
  });
  it("scrolls only when a row is out of sight", () => {
    expect(scrollFor(102, 1000, 30, { top: 3000, height: 300 })).toBeNull();
    expect(scrollFor(10, 1000, 30, { top: 3000, height: 300 })).toBe(300);
    expect(scrollFor(200, 1000, 30, { top: 3000, height: 300 })).toBe(200 * 30 + 30 - 300);
  });
});

describe("a table of a million rows", () => {
  const height = 600;
  it("is a box that browsers can draw", () => expect(boxHeight(1_000_000, 30)).toBeLessThan(17_000_000));
  it("reaches its last row at the end of the scroll", () => {
    const top = boxHeight(1_000_000, 30) - height;
    expect(rowsInSight(1_000_000, 30, { top, height }).behind).toBe(1_000_000);
    expect(offsetOf(999_999, 1_000_000, 30, { top, height }) - top).toBeCloseTo(height - 30, 3);
  });
  it("brings any row into sight", () => {
    for (const row of [0, 17, 499_999, 777_777, 999_999]) {
      const top = scrollFor(row, 1_000_000, 30, { top: 6_000_000, height }) ?? 6_000_000;
      const place = offsetOf(row, 1_000_000, 30, { top, height }) - top;
      expect(place).toBeGreaterThan(-1);
      expect(place).toBeLessThan(height);
    }
  });
});
