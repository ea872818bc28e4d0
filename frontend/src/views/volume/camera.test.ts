// The eye: right hand, round trips through the address, scale bars, axes of point groups; tubes and balls are closed.
import { describe, expect, it } from "vitest";
import { about, axesOf, barLength, dragged, fromText, FRONT, rows, toText } from "./camera";
import { difference, type Vec3 } from "./grid";
import { palette, placeOnScale } from "./colours";
import { ball, brick, cross, dot, normal, smooth, tube } from "./solids";
import type { Mesh } from "./surface";

const camera = { turn: FRONT, half_A: 100, pan_A: [0, 0] as [number, number] };

describe("camera", () => {
  it("begins with x to the right, y up and z towards the eye, and stays a right hand", () => {
    expect(rows(FRONT)).toEqual([[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
    const [right, up, towards] = rows(dragged(dragged(camera, 0.7, -0.3), -0.2, 1.1).turn);
    expect(cross(right, up).map((part, n) => part - towards[n]!).every((gap) => Math.abs(gap) < 1e-9)).toBe(true);
  });

  it("turns what is in front along with the hand", () => {
    const front: Vec3 = [0, 0, 1];
    const seen = rows(dragged(camera, 0.1, 0).turn).map((row) => dot(row, front));
    expect(seen[0]).toBeCloseTo(Math.sin(0.1));
    expect(rows(dragged(camera, 0, 0.1).turn).map((row) => dot(row, front))[1]).toBeCloseTo(Math.sin(0.1));
  });

  it("comes back from the address", () => {
    const there = { turn: about([1, 2, 3], 0.8), half_A: 123.45, pan_A: [4.5, -6] as [number, number] };
    const back = fromText(toText(there))!;
    expect(back.half_A).toBe(123.45);
    expect(Math.abs(back.turn.reduce((sum, part, n) => sum + part * there.turn[n]!, 0))).toBeCloseTo(1, 4);
    for (const wrong of [null, "", "1,2,3", "0,0,0,0,1,0,0", "0,0,0,1,-5,0,0", "a,b,c,d,e,f,g"]) expect(fromText(wrong)).toBeNull();
  });

  it("has scale bars of round length", () => {
    expect([barLength(400), barLength(210), barLength(70), barLength(7)]).toEqual([100, 50, 10, 1]);
  });

  it("knows the axes of the point groups", () => {
    const count = (group: string) => axesOf(group).reduce<Record<number, number>>((all, { fold }) => ({ ...all, [fold]: (all[fold] ?? 0) + 1 }), {});
    expect(count("C1")).toEqual({});
    expect(count("C4")).toEqual({ 4: 1 });
    expect(count("D2")).toEqual({ 2: 3 });
    expect(count("D7")).toEqual({ 2: 7, 7: 1 });
    expect(count("T")).toEqual({ 2: 3, 3: 4 });
    expect(count("O")).toEqual({ 2: 6, 3: 4, 4: 3 });
    for (const group of ["I", "I1", "I2", "I3", "I4"]) expect(count(group)).toEqual({ 2: 15, 3: 10, 5: 6 });
    expect(axesOf("nonsense")).toEqual([]);
  });
});

describe("colours", () => {
  it("part at the middle", () => {
    const scale = { by: "map" as const, low: 2.5, middle: 2.9, high: 4.2 };
    expect([2.5, 2.9, 4.2, 9, 1].map((value) => placeOnScale(scale, value))).toEqual([0, 0.5, 1, 1, 0]);
    expect([...palette("diverging").slice(0, 4)]).toEqual([38, 128, 200, 255]);
    expect([...palette("rising").slice(-4)]).toEqual([255, 234, 92, 255]);
  });
});

function outwardAndClosed(mesh: Mesh): void {
  const p = mesh.positions;
  let volume = 0;
  for (let t = 0; t < mesh.indices.length; t += 3) {
    const corners = [0, 1, 2].map((n) => [...p.slice(3 * mesh.indices[t + n]!, 3 * mesh.indices[t + n]! + 3)] as Vec3) as [Vec3, Vec3, Vec3];
    volume += dot(corners[0], cross(corners[1], corners[2])) / 6;
  }
  expect(volume).toBeGreaterThan(0);
}

describe("solids", () => {
  it("turn outward", () => {
    outwardAndClosed(ball([5, 6, 7], 3));
    outwardAndClosed(brick([1, 2, 3], [4, 5, 6]));
    outwardAndClosed(tube(smooth([[0, 0, 0], [3, 1, 0], [6, 0, 2], [9, 2, 2]]), 0.5));
    expect(normal([0, 0, 4])).toEqual([0, 0, 1]);
  });
  it("leave a difference of like grids at its middle", () => {
    const grid = { shape: [1, 1, 2] as Vec3, factor: 1, low: 0, high: 1, data: new Uint8Array([10, 200]), voxel_A: 1, first_A: 0 };
    expect([...difference(grid, grid, 0.1, 0.1).data]).toEqual([128, 128]);
  });
});
