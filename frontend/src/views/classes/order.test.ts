import { expect, test } from "vitest";
import { agreement, polar } from "./likeness";
import type { Stack } from "../../parts/stack";
import { left, numbered, passing, rangeOf, sorted, spoken, stations, type ClassRow } from "./order";

const row = (index: number, particles: number, resolution_A: number | null, score: number | null): ClassRow => ({ index, tile: index, particles, share: particles / 100, resolution_A, score, accuracy_deg: null, accuracy_A: null, image: "", present: true });
const classes = [row(1, 50, 9, 0.4), row(2, 30, null, 0.9), row(3, 20, 7, null)];

test("the best comes first, and what is not known last", () => {
  expect(sorted(classes, "score")).toEqual([2, 1, 3]);
  expect(sorted(classes, "resolution")).toEqual([3, 1, 2]);
  expect(sorted(classes, "particles")).toEqual([1, 2, 3]);
});

test("a threshold takes the good side only, and never what is not known", () => {
  expect(passing(classes, "score", 0.4)).toEqual([1, 2]);
  expect(passing(classes, "resolution", 8)).toEqual([3]);
  expect(rangeOf(classes, "particles").high).toBe(50);
});

test("the count follows the marks", () => {
  expect(left(classes, new Set([1, 3]))).toEqual({ classes: 2, particles: 70, of: 100, percent: 70 });
  expect(left([], new Set()).percent).toBe(0);
});

test("stations are dense at the beginning and end with the newest", () => {
  const found = stations(Array.from({ length: 26 }, (_, k) => k), 5);
  expect(found[0]).toBe(1);
  expect(found.at(-1)).toBe(25);
  expect(found.length).toBeLessThanOrEqual(5);
  expect(stations([0], 5)).toEqual([0]);
});

test("a class is spoken with its units", () => {
  expect(spoken(row(9, 7357, 7.4, 0.92))).toBe("Class 9, 7,357 particles, 7357.0 percent, 7.4 angstrom, score 0.92");
});

test("chosen classes stand under the numbers that they had, also where a picture is missing", () => {
  const stack: Stack = { indices: [1, 2, 4], size: 1, low: [0, 0, 0], high: [1, 1, 1], common: [0, 1], pixel_A: 1, bytes: new Uint8Array([10, 20, 40]), at: new Map([[1, 0], [2, 1], [4, 2]]) };
  const found = numbered(stack, [{ index: 3, tile: 1 }, { index: 7, tile: 2 }, { index: 8, tile: 3 }, { index: 9, tile: 4 }]);
  expect(found.indices).toEqual([3, 7, 9]);
  expect([3, 7, 8, 9].map((index) => found.bytes[found.at.get(index) ?? -1])).toEqual([10, 20, undefined, 40]);
  expect(numbered(stack, [1, 2, 3, 4].map((index) => ({ index, tile: index })))).toEqual(stack);
});

test("a turned and mirrored picture is alike, another is not", () => {
  const size = 48;
  const draw = (f: (x: number, y: number) => number) => Float32Array.from({ length: size * size }, (_, k) => 100 * f((k % size) - size / 2, Math.floor(k / size) - size / 2));
  const bar = draw((x, y) => (Math.abs(x) < 4 && Math.abs(y) < 16 ? 1 : 0) + (x > 4 && y > 8 && y < 14 && x < 12 ? 1 : 0));
  const turned = draw((x, y) => (Math.abs(y) < 4 && Math.abs(x) < 16 ? 1 : 0) + (y > 4 && x > 8 && x < 14 && y < 12 ? 1 : 0));
  const ring = draw((x, y) => (Math.abs(Math.hypot(x, y) - 14) < 3 ? 1 : 0));
  expect(agreement(polar(bar, size), polar(turned, size))).toBeGreaterThan(0.9);
  expect(agreement(polar(bar, size), polar(ring, size))).toBeLessThan(0.5);
});
