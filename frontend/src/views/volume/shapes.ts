// A mask in the making: spheres, boxes, regions above a level, in order, each added or taken away. Pure; places in Å from the first voxel.
import type { Vec3 } from "./grid";

export interface SphereShape { shape: "sphere"; how: "add" | "minus"; x_A: number; y_A: number; z_A: number; radius_A: number }
export interface BoxShape { shape: "box"; how: "add" | "minus"; x_A: number; y_A: number; z_A: number; width_x_A: number; width_y_A: number; width_z_A: number }
export interface RegionShape { shape: "threshold"; how: "add" | "minus"; level: number; low_pass_A: number; largest: boolean }
export type Shape = SphereShape | BoxShape | RegionShape;
export type Placed = SphereShape | BoxShape;

export interface Answer {
  shapes: Shape[];
  extend_px: number;
  edge_px: number;
}

export const NOTHING: Answer = { shapes: [], extend_px: 0, edge_px: 6 };

const tenth = (value: number): number => Math.round(value * 100) / 100;

export function isPlaced(shape: Shape | undefined): shape is Placed {
  return shape !== undefined && shape.shape !== "threshold";
}

export function placeOf(shape: Placed): Vec3 {
  return [shape.x_A, shape.y_A, shape.z_A];
}

export function movedTo<T extends Placed>(shape: T, [x, y, z]: Vec3): T {
  return { ...shape, x_A: tenth(x), y_A: tenth(y), z_A: tenth(z) };
}

/** A sphere of the usual radius for focused classification, 35 Å, or less in a small box. */
export function sphereAt(place: Vec3, box_A: number): SphereShape {
  return movedTo({ shape: "sphere", how: "add", x_A: 0, y_A: 0, z_A: 0, radius_A: Math.min(35, tenth(box_A / 5)) }, place);
}

export function boxAt(place: Vec3, box_A: number): BoxShape {
  const width = Math.min(60, tenth(box_A / 4));
  return movedTo({ shape: "box", how: "add", x_A: 0, y_A: 0, z_A: 0, width_x_A: width, width_y_A: width, width_z_A: width }, place);
}

export function regionAt(level: number): RegionShape {
  return { shape: "threshold", how: "add", level: Number(level.toPrecision(5)), low_pass_A: 15, largest: true };
}

/** The same place counted from the middle voxel, N // 2, as programs with centred boxes say it. */
export function centred(place: Vec3, shape: readonly number[], voxel_A: number): Vec3 {
  return place.map((part, n) => part - Math.floor(shape[n]! / 2) * voxel_A) as Vec3;
}

/** Where a plane across an axis cuts a shape: a circle or a rectangle in Å of the other two axes, or nothing. */
export function cutBy(shape: Placed, axis: 0 | 1 | 2, at_A: number): { u: number; v: number; half_u: number; half_v: number; round: boolean } | null {
  const [u, v] = axesOfSlice(axis);
  const place = placeOf(shape);
  const away = Math.abs(at_A - place[axis]);
  if (shape.shape === "sphere") {
    if (away >= shape.radius_A) return null;
    const radius = Math.sqrt(shape.radius_A ** 2 - away ** 2);
    return { u: place[u], v: place[v], half_u: radius, half_v: radius, round: true };
  }
  const widths = [shape.width_x_A, shape.width_y_A, shape.width_z_A] as const;
  return away > widths[axis] / 2 ? null : { u: place[u], v: place[v], half_u: widths[u] / 2, half_v: widths[v] / 2, round: false };
}

/** The axes that run right and up in a slice: x and y across z, x and z across y, y and z across x. */
export function axesOfSlice(axis: 0 | 1 | 2): [0 | 1 | 2, 0 | 1 | 2] {
  return axis === 2 ? [0, 1] : axis === 1 ? [0, 2] : [1, 2];
}

export function titleOf(shape: Shape): string {
  if (shape.shape === "sphere") return `Sphere, ${shape.radius_A} Å`;
  if (shape.shape === "box") return `Box, ${shape.width_x_A} × ${shape.width_y_A} × ${shape.width_z_A} Å`;
  return `Region above ${shape.level}`;
}

/** What may be sent: at least one shape is added, all sizes are numbers above 0. */
export function isWhole(answer: Answer): boolean {
  return answer.shapes.some((shape) => shape.how === "add") && answer.shapes.every((shape) => Object.values(shape).every((value) => typeof value !== "number" || Number.isFinite(value)));
}
