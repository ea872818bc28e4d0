import { expect, test } from "vitest";
import { cells, cividis, lambert, mollweide, outline } from "./project";

const area = (points: { x: number; y: number }[]) => Math.abs(points.reduce((sum, p, k) => sum + p.x * points[(k + 1) % points.length]!.y - points[(k + 1) % points.length]!.x * p.y, 0) / 2);

test("cells of equal area stay of equal area in both projections", () => {
  const bands = new Array<number>(20).fill(12);
  const edges = Array.from({ length: 21 }, (_, k) => 1 - k / 10);
  const fine = cells(bands, edges);
  const flat = fine.map((cell) => area(outline(cell, mollweide)));
  expect(Math.max(...flat) / Math.min(...flat)).toBeLessThan(1.1);
  const north = fine.slice(0, 120).map((cell) => area(outline(cell, lambert)));
  expect(Math.max(...north) / Math.min(...north)).toBeLessThan(1.05);
});

test("poles and equator lie where they belong", () => {
  expect(mollweide(1, 2).x).toBeCloseTo(0);
  expect(mollweide(0, Math.PI)).toEqual({ x: 1, y: 0 });
  expect(Math.hypot(...Object.values(lambert(0, 1)))).toBeCloseTo(1);
});

test("the scale runs from dark blue to yellow", () => {
  expect(cividis(0)).toBe("rgb(0 32 76)");
  expect(cividis(2)).toBe("rgb(255 233 69)");
});
