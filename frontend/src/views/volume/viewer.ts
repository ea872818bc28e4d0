// One map viewer: what is shown, from where, and cut where; it fetches grids, asks the worker for surfaces and tells when to draw.
import { signal } from "@preact/signals";
import { get, getBytes, Problem, type Schema } from "../../api/client";
import type { Camera } from "./camera";
import { FRONT } from "./camera";
import { ONE } from "./colours";
import { byteOf, difference, firstLevel, matchedByte, parseGrid, strongest, type Grid, type Vec3 } from "./grid";
import { fresh, sigmas, type Grids, type Info, type Layer, type LayerKind } from "./layers";
import { Meshes } from "./meshes";
import type { Made } from "./mesher";

export type Layout = "both" | "slices" | "surface";
export type Compare = "over" | "side" | "wipe" | "blink";

const STILL_MS = 220;
/** Maps up to this many voxels are fetched whole without being asked for. */
const WHOLE = 300 ** 3;

export class Viewer {
  readonly layers = signal<Layer[]>([]);
  readonly chosen = signal("");
  readonly cross = signal<Vec3>([0, 0, 0]);
  readonly camera = signal<Camera>({ turn: FRONT, half_A: 100, pan_A: [0, 0] });
  readonly layout = signal<Layout>("both");
  readonly compare = signal<Compare>("over");
  readonly blinked = signal(0);
  readonly wipe = signal(0.5);
  readonly mirrored = signal(false);
  readonly axes = signal(false);
  readonly group = signal("");
  /** Slices: limits of grey for the chosen layer (its own when null), sums instead of planes. */
  readonly contrast = signal<[number, number] | null>(null);
  readonly projections = signal(false);
  /** The chosen map's surface without what is finer, in Å; 0: all of it. */
  readonly lowPass_A = signal(0);
  /** Grows when there is something new to draw. */
  readonly round = signal(0);
  readonly grids = new Map<string, Grids>();
  /** Surfaces as they come, for whoever draws: by layer, quick ones apart. */
  onMesh: (id: string, made: Made) => void = () => undefined;
  onDrop: (id: string) => void = () => undefined;
  readonly meshes: Meshes | null;
  private timers = new Map<string, ReturnType<typeof setTimeout>>();
  private stop = new AbortController();

  constructor() {
    this.meshes = typeof Worker === "undefined" ? null : new Meshes();
  }

  layer(id: string): Layer | undefined {
    return this.layers.value.find((layer) => layer.id === id);
  }

  /** The layer that threshold, slices and numbers speak of. */
  get main(): Layer | undefined {
    return this.layer(this.chosen.value) ?? this.layers.value.find((layer) => layer.info);
  }

  /** The map whose voxels the page counts in: the first with numbers. */
  get frame(): Info | undefined {
    return this.layers.value.find((layer) => layer.info)?.info ?? this.stand;
  }

  /** A frame for a model that is shown without a map. */
  stand: Info | undefined;

  change(id: string, changes: Partial<Layer>): void {
    this.layers.value = this.layers.value.map((layer) => (layer.id === id ? { ...layer, ...changes } : layer));
    this.round.value++;
  }

  /** Add a map or mask, read it from coarse to fine, and draw each as it comes. Gives the layer's name. */
  async add(path: string, kind: LayerKind, begin: Partial<Layer> = {}, sigma?: number): Promise<string> {
    const layer = { ...fresh(path, kind, this.layers.value), ...begin };
    performance.mark("volume-open");
    this.layers.value = [...this.layers.value, layer];
    if (!this.chosen.value && kind !== "model") this.chosen.value = layer.id;
    if (kind === "model") return layer.id;
    try {
      const info = await get<Info>("volume/info", { path }, this.stop.signal);
      const level = sigma !== undefined ? info.mean + sigma * info.sd : this.levelFor(layer, info);
      this.grids.set(layer.id, {});
      if (!this.frame || this.frame === this.stand) this.lookAt(info);
      this.change(layer.id, { info, level: begin.level ?? level, begun: this.levelFor(layer, info) });
      await this.read(layer.id, info);
    } catch (error) {
      if (this.stop.signal.aborted) return layer.id;
      this.change(layer.id, { state: "broken", problem: error instanceof Problem ? error.message : `The map could not be read: ${String(error)}` });
    }
    return layer.id;
  }

  private levelFor(layer: Layer, info: Info): number {
    const linked = this.layers.value.find((other) => other.info && other.linked && other.id !== layer.id);
    return layer.linked && linked && layer.kind === "map" ? info.mean + sigmas(linked) * info.sd : firstLevel(info, layer.kind);
  }

  /** Put cross and camera on a map. */
  lookAt(info: Info): void {
    const middle = info.shape.map((n) => Math.floor(n / 2) * info.voxel_A) as Vec3;
    if (this.cross.value.every((part) => part === 0)) this.cross.value = middle;
    if (this.camera.value.half_A === 100) this.camera.value = { ...this.camera.value, half_A: Math.max(...info.shape) * info.voxel_A * 0.42 };
    if (!this.group.value) this.group.value = info.symmetry || "C1";
  }

  private async read(id: string, info: Info): Promise<void> {
    const lowPass_A = this.main?.id === id ? this.lowPass_A.value : 0;
    const asked = { path: info.path, tag: info.tag, ...(lowPass_A ? { low_pass_A: Number(lowPass_A.toFixed(2)) } : {}) };
    const fetched = async (edge: string) => parseGrid(await getBytes("volume/level", { ...asked, edge }, this.stop.signal), info.voxel_A);
    if (lowPass_A) return this.take(id, "best", await fetched(info.full_bytes <= WHOLE ? "full" : "256"));
    this.take(id, "first", await fetched("64"));
    const grids = this.grids.get(id)!;
    if (grids.first!.factor === 1) return this.take(id, "best", grids.first!);
    if (info.full_bytes > 4e6) this.take(id, "moving", await fetched("128"));
    this.take(id, "best", await fetched(info.full_bytes <= WHOLE ? "full" : "256"));
  }

  /** Draw the chosen map's surface without what is finer than so many Å; 0: as it is. */
  filter(lowPass_A: number): void {
    const layer = this.main;
    if (!layer?.info) return;
    this.lowPass_A.value = lowPass_A;
    void this.read(layer.id, layer.info);
  }

  /** Fetch every voxel of a map that was too large to come by itself. */
  async readWhole(id: string): Promise<void> {
    const info = this.layer(id)?.info;
    if (!info) return;
    this.change(id, { state: "coarse" });
    this.take(id, "best", parseGrid(await getBytes("volume/level", { path: info.path, edge: "full", tag: info.tag }, this.stop.signal), info.voxel_A));
  }

  private take(id: string, which: keyof Grids, grid: Grid): void {
    const grids = this.grids.get(id);
    if (!grids) return;
    grids[which] = grid;
    this.meshes?.hold(`${id}:${which}`, grid);
    this.surface(id, which);
    this.round.value++;
    for (const layer of this.layers.value) if (layer.colouring.by === "map" && layer.colouring.path === this.layer(id)?.path) this.surface(layer.id);
  }

  /** Show a grid that no file holds: the difference of two maps, a mask in the making. */
  show(id: string, grid: Grid): void {
    this.grids.set(id, {});
    this.take(id, "best", grid);
  }

  /** Ask for the surface of a layer: from the finest grid that is here, or a named one. */
  surface(id: string, which?: keyof Grids): void {
    const layer = this.layer(id), grids = this.grids.get(id);
    if (!layer || !grids || !this.meshes) return;
    const from = which ?? (grids.best ? "best" : grids.moving ? "moving" : "first");
    const grid = grids[from];
    if (!grid) return;
    const level = layer.info ? matchedByte(grid, layer.info, layer.level) : byteOf(grid, layer.level);
    const colourFrom = layer.colouring.by === "map" ? this.layers.value.find((one) => one.path === layer.colouring.path && one.id !== id) : undefined;
    const colourGrids = colourFrom && this.grids.get(colourFrom.id);
    const colourKey = colourFrom && colourGrids ? `${colourFrom.id}:${colourGrids.best ? "best" : "first"}` : "";
    const wanted = { key: `${id}:${from}`, byte: level, turned: false, dust: layer.dust, colouring: layer.colouring, colourKey };
    this.meshes.make(id, wanted, (made) => {
      this.onMesh(id, made);
      if (!this.layer(id)) return;
      performance.mark(from === "best" ? "volume-full" : "volume-first");
      this.change(id, { state: from === "best" ? "full" : "coarse", pieces: made.pieces, triangles: made.indices.length / 3 });
      if (from === "best") this.lighter(layer, grids, made.indices.length / 3);
    });
    if (layer.kind === "difference") this.meshes.make(`${id}:below`, { ...wanted, byte: byteOf(grid, -layer.level), turned: true }, (made) => (this.onMesh(`${id}:below`, made), this.round.value++));
  }

  /** Of a large surface a lighter one, for while it turns on a slow graphics card. */
  private lighter(layer: Layer, grids: Grids, triangles: number): void {
    const name = `${layer.id}:quick`;
    if (triangles < 400_000 || !grids.moving || !layer.info) return this.onDrop(name);
    const byte = matchedByte(grids.moving, layer.info, layer.level);
    this.meshes?.make(name, { key: `${layer.id}:moving`, byte, turned: false, dust: layer.dust, colouring: layer.colouring.by === "map" ? ONE : layer.colouring, colourKey: "" }, (made) => this.onMesh(name, made));
  }

  /** Set a level, in the layer's own units; linked maps follow in deviations. Coarse while it moves, fine when still. */
  setLevel(id: string, level: number): void {
    const layer = this.layer(id);
    if (!layer) return;
    const sigma = layer.info ? (level - layer.info.mean) / layer.info.sd : 0;
    const together = layer.linked && layer.kind === "map";
    for (const other of this.layers.value) {
      const follows = other.id === id || (together && other.linked && other.kind === "map" && other.info);
      if (!follows) continue;
      this.change(other.id, { level: other.id === id ? level : other.info!.mean + sigma * other.info!.sd });
      this.later(other.id);
    }
  }

  /** A quick surface now, the fine one when nothing has moved for a moment. */
  private later(id: string): void {
    const grids = this.grids.get(id);
    if (!grids) return;
    const large = (grids.best?.data.length ?? 0) > 2.5e6;
    this.surface(id, large ? (grids.moving ? "moving" : "first") : undefined);
    clearTimeout(this.timers.get(id));
    if (large) this.timers.set(id, setTimeout(() => this.surface(id), STILL_MS));
  }

  remove(id: string): void {
    this.layers.value = this.layers.value.filter((layer) => layer.id !== id);
    if (this.chosen.value === id) this.chosen.value = this.layers.value.find((layer) => layer.info)?.id ?? "";
    for (const which of ["first", "moving", "best"]) this.meshes?.drop(`${id}:${which}`);
    this.meshes?.forget(id);
    this.grids.delete(id);
    this.onDrop(id);
    this.onDrop(`${id}:below`);
    this.onDrop(`${id}:quick`);
    this.round.value++;
  }

  /** Show one map less another, each in its deviations; gives a sentence when that cannot be. */
  subtract(a: Layer, b: Layer): string {
    const ga = this.grids.get(a.id)?.best, gb = this.grids.get(b.id)?.best;
    if (!ga || !gb || !a.info || !b.info) return "Both maps must have been read first.";
    if (ga.shape.some((n, i) => n !== gb.shape[i]) || Math.abs(ga.voxel_A - gb.voxel_A) > 1e-3) return "The maps have different voxels, so that they cannot be subtracted.";
    const grid = difference(ga, gb, a.info.sd, b.info.sd);
    const layer: Layer = { ...fresh(a.path, "difference", this.layers.value), name: `${a.name} less ${b.name}`, colour: "#3598fe", level: strongest(grid, 0.003), linked: false, dust: true, of: [a.id, b.id] };
    this.layers.value = [...this.layers.value.map((one) => (one.id === a.id || one.id === b.id ? { ...one, visible: false } : one)), layer];
    this.chosen.value = layer.id;
    this.show(layer.id, grid);
    return "";
  }

  /** Move the cross to a place, kept inside the map, on a voxel. */
  setCross(place: Vec3): void {
    const info = this.frame;
    if (!info) return;
    this.cross.value = place.map((part, n) => Math.min(info.shape[n]! - 1, Math.max(0, Math.round(part / info.voxel_A))) * info.voxel_A) as Vec3;
  }

  close(): void {
    this.stop.abort();
    this.timers.forEach(clearTimeout);
    this.meshes?.close();
  }
}

export type Listed = Schema<"VolumeRow">;
