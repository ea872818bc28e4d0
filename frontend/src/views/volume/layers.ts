// What is shown: maps, half maps, masks, models, the difference of two maps, a mask in the making. Each has eye, colour, opacity, level.
import type { Schema } from "../../api/client";
import { LAYER_COLOURS, MARK_COLOUR, MASK_COLOUR, ONE, type Colouring } from "./colours";
import type { Grid } from "./grid";

export type Info = Schema<"VolumeInfo">;
export type LayerKind = "map" | "mask" | "localres" | "model" | "difference" | "preview";

export interface Layer {
  id: string;
  path: string;
  kind: LayerKind;
  /** What the list says. */
  name: string;
  visible: boolean;
  colour: string;
  opacity: number;
  colouring: Colouring;
  /** The absolute value where the surface lies. */
  level: number;
  /** The level at which it was first drawn, before anybody moved it. */
  begun: number;
  /** Maps that are linked keep the same number of deviations. */
  linked: boolean;
  /** Small loose pieces are shown too; and how many are not. */
  dust: boolean;
  pieces: number;
  /** Triangles of the surface that is drawn; -1 before there is one. */
  triangles: number;
  info?: Info;
  /** Reading, coarse and full tell what is drawn now; broken has a sentence. */
  state: "reading" | "coarse" | "full" | "broken";
  problem?: string;
  /** Of a difference: the two maps. */
  of?: [string, string];
}

/** The grids of a layer that are here: the first quick look, one for while things move, the finest. */
export interface Grids {
  first?: Grid;
  moving?: Grid;
  best?: Grid;
}

/** The name of a map in the list: what its job is called and what the file is. */
export function nameOf(path: string): string {
  const parts = path.split("/");
  const file = parts[parts.length - 1]!.replace(/\.(mrc|map|cif|pdb|ent)(\.gz|\.bz2)?$/, "");
  const job = parts.length > 2 ? parts[parts.length - 2]! : "";
  return job ? `${file} · ${job}` : file;
}

export function kindOf(word: string, path: string): LayerKind {
  const first = word.split(".")[0];
  if (/\.(pdb|cif|ent|mmcif)(\.gz)?$/i.test(path)) return "model";
  const file = path.split("/").pop() ?? "";
  if (first === "mask" || (first === "map" && /mask/i.test(file) && !/masked/i.test(file))) return "mask";
  return first === "localres" || /loc(al)?_?-?res/i.test(file) && !/filtered/i.test(file) ? "localres" : "map";
}

let count = 0;

/** A layer as it is added, before its file has been read. */
export function fresh(path: string, kind: LayerKind, earlier: Layer[]): Layer {
  const alike = earlier.filter((layer) => layer.kind === "map").length;
  const colour = kind === "mask" ? MASK_COLOUR : kind === "preview" ? MARK_COLOUR : kind === "model" ? "#eca935" : LAYER_COLOURS[alike % LAYER_COLOURS.length]!;
  const glass = (kind === "mask" && earlier.length > 0) || kind === "preview";
  return { id: `l${++count}`, path, kind, name: nameOf(path), visible: true, colour, opacity: glass ? 0.35 : 1, colouring: ONE, level: 0, begun: 0, linked: kind === "map", dust: kind !== "map", pieces: 0, triangles: -1, state: "reading" };
}

/** The level in deviations above the mean. */
export function sigmas(layer: Layer): number {
  return layer.info && layer.info.sd > 0 ? (layer.level - layer.info.mean) / layer.info.sd : 0;
}

/** Three figures that count, as a person writes them: 0.0214, 4.2, 1,250. */
export function figure(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return "";
  if (value === 0) return "0";
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
  return places > 7 ? value.toExponential(digits - 1) : value.toLocaleString("en-GB", { minimumFractionDigits: Math.min(places, 7), maximumFractionDigits: Math.min(places, 7) });
}
