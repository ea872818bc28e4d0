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
    const colours = chainColours(model.traces.map((trace) => trace.chain));
    const values: number[] = [];
    const tubes = model.traces.map((trace) => {
      const points: Vec3[] = [];
      for (let n = 0; n + 2 < trace.places_A.length; n += 3) points.push([trace.places_A[n]!, trace.places_A[n + 1]!, trace.places_A[n + 2]!]);
      const made = tube(smooth(points), THICK_A[trace.strand === "nucleic" ? "nucleic" : "protein"]);
      for (let n = 0; n < made.positions.length / 3; n++) values.push(colours.get(trace.chain)!, 255);
      return made;
    });
    if (!tubes.length) return viewer.change(id, { state: "broken", problem: `${path} has no backbone to draw: ${model.atoms} atoms, no chain of residues.` });
    viewer.onMesh(id, { ticket: 0, pieces: 0, ...joined(tubes), shade: Uint8Array.from(values) });
    viewer.change(id, { state: "full", colouring: { by: "height", low: 0, middle: 0.5, high: 1 } });
  } catch (error) {
    viewer.change(id, { state: "broken", problem: error instanceof Problem ? error.message : `The model could not be read: ${String(error)}` });
  }
}
