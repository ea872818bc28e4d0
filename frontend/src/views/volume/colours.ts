// The colours of surfaces: one per layer, and two scales for values, one that parts at a middle and one that rises.
import type { Vec3 } from "./grid";

/** What a surface's colour tells. */
export type ColourBy = "one" | "map" | "radius" | "height";

export interface Colouring {
  by: ColourBy;
  /** The map whose values colour the surface, for "map". */
  path?: string;
  low: number;
  middle: number;
  high: number;
}

export const ONE: Colouring = { by: "one", low: 0, middle: 0.5, high: 1 };

/** Colours of layers, in order: all are told apart on a dark ground, also by the colour-blind. */
export const LAYER_COLOURS = ["#b9c4cf", "#3598fe", "#eca935", "#8cebb0", "#ffb9fe", "#d9dcdf"];
export const MASK_COLOUR = "#8d99a5";
export const MARK_COLOUR = "#4fd8f5";

const DIVERGING: [number, Vec3][] = [[0, [38, 128, 200]], [0.25, [126, 184, 220]], [0.5, [233, 238, 240]], [0.75, [232, 180, 122]], [1, [222, 126, 44]]];
const RISING: [number, Vec3][] = [[0, [28, 56, 118]], [0.25, [82, 95, 120]], [0.5, [134, 134, 132]], [0.75, [198, 181, 112]], [1, [255, 234, 92]]];

export const scaleOf = (by: ColourBy): "diverging" | "rising" => (by === "map" ? "diverging" : "rising");

function between(stops: [number, Vec3][], t: number): Vec3 {
  const at = Math.min(1, Math.max(0, t));
  const upper = Math.max(1, stops.findIndex(([place]) => place >= at));
  const [a, ca] = stops[upper - 1]!, [b, cb] = stops[upper]!;
  const part = (at - a) / (b - a);
  return [0, 1, 2].map((n) => ca[n]! + (cb[n]! - ca[n]!) * part) as Vec3;
}

/** 256 colours as RGBA bytes. */
export function palette(name: "diverging" | "rising"): Uint8Array {
  const out = new Uint8Array(1024);
  for (let n = 0; n < 256; n++) out.set([...between(name === "diverging" ? DIVERGING : RISING, n / 255).map(Math.round), 255], 4 * n);
  return out;
}

/** A scale as a CSS gradient. */
export function gradient(name: "diverging" | "rising"): string {
  return `linear-gradient(90deg,${(name === "diverging" ? DIVERGING : RISING).map(([at, c]) => `rgb(${c.join(" ")}) ${at * 100}%`).join(",")})`;
}

/** Where a value lies on a scale, 0 to 1: the middle value at a half, whatever lies on either side. */
export function placeOnScale(colouring: Colouring, value: number): number {
  const { low, middle, high } = colouring;
  const t = value <= middle ? 0.5 * ((value - low) / Math.max(1e-12, middle - low)) : 0.5 + 0.5 * ((value - middle) / Math.max(1e-12, high - middle));
  return Math.min(1, Math.max(0, t));
}

/** "#b9c4cf" as three numbers from 0 to 1. */
export function rgb(hex: string): Vec3 {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255) as Vec3;
}
