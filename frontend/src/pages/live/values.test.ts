import { expect, test } from "vitest";
import { ago, span } from "./values";

test("times are told in the largest unit that tells something", () => {
  expect([12, 89, 90, 3600, 7200, 200000].map(ago)).toEqual(["12 s", "89 s", "2 min", "60 min", "2 h", "2 days"]);
});

test("an axis holds the values and near limits, not far ones", () => {
  expect(span([1, 2, null], [4]).high).toBeCloseTo(4 * 1.08);
  expect(span([1, 2], [400]).high).toBeCloseTo(2 * 1.08);
  expect(span([], [])).toEqual({ low: 0, high: 1 });
});
