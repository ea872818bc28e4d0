import { expect, test } from "vitest";
import { between, inSight, layOut, moved, touched } from "./tileMath";

test("tiles fill the width and only those in sight are drawn", () => {
  const layout = layOut(200, 696, 82, 35);
  expect(layout.columns).toBe(7);
  expect(layout.tile * 7 + 8 * 6).toBeLessThanOrEqual(696);
  const [first, last] = inSight(layout, 200, 10 * layout.stepY, 600);
  expect(first).toBe(8 * 7);
  expect(last).toBeLessThan(200);
  expect(inSight(layout, 200, 0, 1e6)).toEqual([0, 200]);
});

test("arrows stop at the edges instead of jumping", () => {
  expect(moved("ArrowDown", 195, 200, 7, 3)).toBe(195);
  expect(moved("ArrowUp", 3, 200, 7, 3)).toBe(3);
  expect(moved("ArrowRight", 199, 200, 7, 3)).toBe(199);
  expect(moved("PageDown", 195, 200, 7, 3)).toBe(199);
  expect(moved("End", 0, 200, 7, 3)).toBe(199);
  expect(moved("a", 0, 200, 7, 3)).toBeNull();
});

test("a drawn box takes the tiles it touches, whichever way it was drawn", () => {
  const layout = layOut(20, 500, 90, 30);
  const box = { x0: layout.stepX + 5, y0: layout.stepY + 5, x1: 5, y1: 5 };
  expect(touched(layout, 20, box)).toEqual([0, 1, layout.columns, layout.columns + 1]);
  expect(touched(layout, 20, { x0: layout.tile + 1, y0: 0, x1: layout.tile + 3, y1: 4 })).toEqual([]);
  expect(between(5, 3)).toEqual([3, 4, 5]);
});
