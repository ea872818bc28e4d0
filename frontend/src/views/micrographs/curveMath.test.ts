// Curves stay in their frame, and labels are round and apart.
import { expect, it } from "vitest";
import { curvePath, ringTicks } from "./curveMath";

it("draws only what lies between the two frequencies", () => {
  const path = curvePath({ k: [0, 0.05, 0.1, 0.5], low: 0.02, high: 0.3, width: 100, height: 50 }, [9, 0, 1, 5]);
  expect(path).toBe("M15.4 44.0L31.1 4.0");
});

it("labels resolutions in falling Å", () => {
  expect(ringTicks(0.02, 0.34)).toEqual([20, 10, 5, 4, 3]);
  const wide = ringTicks(0.02, 0.5);
  expect(wide[0]).toBe(20);
  expect(wide.every((tick, i) => i === 0 || tick < wide[i - 1]!)).toBe(true);
});
