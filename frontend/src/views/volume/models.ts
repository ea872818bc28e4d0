// Atomic models over maps: each chain's backbone as a tube in a colour of its own.
import { get, Problem, type Schema } from "../../api/client";
import type { Vec3 } from "./grid";
import { joined, smooth, tube } from "./solids";
import type { Viewer } from "./viewer";

const THICK_A = { protein: 0.9, nucleic: 1.4 } as const;

/** Places for each chain on the scale of colours, 0 to 255. */
function chainColours(chains: string[]): Map<string, number> {
  const names = [...new Set(chains)];
  return new Map(names.map((name, n) => [name, names.length < 2 ? 200 : Math.round((255 * n) / (names.length - 1))]));
}

export async function addModel(viewer: Viewer, path: string): Promise<void> {
  const frame = viewer.frame;
  const id = await viewer.add(path, "model");
  try {
    const model = await get<Schema<"Model3D">>("model3d", { path, map: frame?.path ?? "" });
    const [x, y, z] = frame ? [0, 0, 0] : standFor(viewer, path, model);
    const colours = chainColours(model.traces.map((trace) => trace.chain));
    const values: number[] = [];
    const tubes = model.traces.map((trace) => {
      const points: Vec3[] = [];
      for (let n = 0; n + 2 < trace.places_A.length; n += 3) points.push([trace.places_A[n]! - x!, trace.places_A[n + 1]! - y!, trace.places_A[n + 2]! - z!]);
      const made = tube(smooth(points), THICK_A[trace.strand === "nucleic" ? "nucleic" : "protein"]);
      for (let n = 0; n < made.positions.length / 3; n++) values.push(colours.get(trace.chain)!, 255);
      return made;
    });
    if (!tubes.length) return viewer.change(id, { state: "broken", problem: `${path} has no backbone to draw: ${model.atoms} atoms, no chain of residues.` });
    for (const layer of viewer.layers.value) if (layer.kind === "map" && layer.opacity === 1) viewer.change(layer.id, { opacity: 0.5 });
    viewer.onMesh(id, { ticket: 0, pieces: 0, ...joined(tubes), shade: Uint8Array.from(values) });
    viewer.change(id, { state: "full", colouring: { by: "map", low: 0, middle: 0.5, high: 1 } });
  } catch (error) {
    viewer.change(id, { state: "broken", problem: error instanceof Problem ? error.message : `The model could not be read: ${String(error)}` });
  }
}

/** Without a map the model's own extent is the frame, in voxels of 1 Å; gives what is to be taken from its places. */
function standFor(viewer: Viewer, path: string, model: Schema<"Model3D">): Vec3 {
  const low: Vec3 = [Infinity, Infinity, Infinity], high: Vec3 = [-Infinity, -Infinity, -Infinity];
  for (const trace of model.traces)
    trace.places_A.forEach((part, n) => {
      low[n % 3] = Math.min(low[n % 3]!, part);
      high[n % 3] = Math.max(high[n % 3]!, part);
    });
  if (!Number.isFinite(low[0])) return [0, 0, 0];
  const shape = low.map((part, n) => Math.max(2, Math.ceil(high[n]! - part))) as Vec3;
  viewer.stand = { path, shape, voxel_A: 1, voxel_known: true, origin_A: low, mean: 0, sd: 1, min: 0, max: 1, low: 0, high: 1, histogram: [1], tag: "", symmetry: "", mass_kDa: 0, mass_from: "", full_bytes: 0 };
  viewer.lookAt(viewer.stand);
  viewer.camera.value = { ...viewer.camera.value, half_A: Math.max(10, Math.max(...shape) * 0.6) };
  viewer.layout.value = "surface";
  return low;
}
