// An outline finds the same points as the plain rule, also on its edge, and a million within the time of a glance.
import { describe, expect, it } from "vitest";
import { density, inOutline, pointsIn, spanOf, type Point } from "./lasso";

function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

/** An outline like one drawn by hand, that crosses itself. */
function outline(count: number, seed: number): Point[] {
  const next = random(seed);
  return Array.from({ length: count }, (_, i) => {
    const [turn, far] = [(i / count) * 4 * Math.PI, 0.2 + 0.25 * next()];
    return [0.5 + far * Math.cos(turn), 0.5 + far * Math.sin(turn)] as Point;
  });
}

describe("points in an outline", () => {
  it("are those of the plain rule", () => {
    const next = random(7);
    const x = Float32Array.from({ length: 60_000 }, next);
    const y = Float32Array.from({ length: 60_000 }, next);
    for (const points of [outline(200, 3), outline(9, 5), [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]] as Point[]]) {
      const plain = [...x.keys()].filter((i) => inOutline(points, x[i]!, y[i]!));
      expect([...pointsIn(x, y, points)]).toEqual(plain);
    }
  });
  it("are none for a line, and what is no number is in none", () => {
    expect(pointsIn(Float32Array.of(0.5), Float32Array.of(0.5), [[0, 0], [1, 1]])).toHaveLength(0);
    expect(pointsIn(Float32Array.of(NaN, 0.5), Float32Array.of(0.5, 0.5), [[0, 0], [1, 0], [1, 1], [0, 1]])).toEqual(Uint32Array.of(1));
  });
  it("are counted among a million within 100 ms", () => {
    const next = random(11);
    const x = Float32Array.from({ length: 1_000_000 }, next);
    const y = Float32Array.from({ length: 1_000_000 }, next);
    const points = Array.from({ length: 400 }, (_, i) => {
      const far = 0.4 + 0.03 * Math.sin(i / 7);
      return [0.5 + far * Math.cos((i * Math.PI) / 200), 0.5 + far * Math.sin((i * Math.PI) / 200)] as Point;
    });
    expect(pointsIn(x, y, points).length / 1_000_000).toBeCloseTo(0.5, 1);
    pointsIn(x, y, points);
    const times = [0, 1, 2].map(() => {
      const began = performance.now();
      pointsIn(x, y, points);
      return performance.now() - began;
    });
    expect(Math.min(...times)).toBeLessThan(100);
  });
});

it("density counts each point once", () => {
  const cells = density(Float32Array.of(0, 0.9, 5, NaN), Float32Array.of(0, 0.9, 0, 0), { x0: 0, x1: 1, y0: 0, y1: 1 }, 2, 2);
  expect([...cells]).toEqual([0, 1, 0, 0].map((n, i) => (i === 2 ? 0 : n)));
});

it("spans leave out what is not finite", () => {
  const [low, high] = spanOf(Float32Array.of(1, NaN, 3, Infinity));
  expect(low).toBeCloseTo(0.94);
  expect(high).toBeCloseTo(3.06);
});
