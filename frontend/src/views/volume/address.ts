// The address says what is seen: camera, cross, threshold, view, further maps; so that a link shows another person the same.
import { effect } from "@preact/signals";
import { query, setQuery } from "../../app/place";
import { fromText, toText } from "./camera";
import type { Vec3 } from "./grid";
import { sigmas } from "./layers";
import type { Layout, Viewer } from "./viewer";

const AFTER_MS = 250;

/** Put what the address says into the viewer; gives the level in deviations, and the paths of further layers. */
export function fromAddress(viewer: Viewer): { level: number | undefined; more: string[] } {
  const said = query.peek();
  const camera = fromText(said.get("eye"));
  if (camera) viewer.camera.value = camera;
  const at = (said.get("at") ?? "").split(",").map(Number);
  if (at.length === 3 && at.every(Number.isFinite)) viewer.cross.value = at as Vec3;
  const layout = said.get("view");
  if (layout === "both" || layout === "slices" || layout === "surface") viewer.layout.value = layout as Layout;
  const several = said.get("several");
  if (several === "side" || several === "wipe" || several === "blink") viewer.compare.value = several;
  const level = Number(said.get("level") ?? "none");
  return { level: Number.isFinite(level) ? level : undefined, more: (said.get("with") ?? "").split("|").filter(Boolean) };
}

/** Keep the address as the viewer is, a moment after it has changed; gives the way to stop. */
export function followAddress(viewer: Viewer): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let first = true;
  const stop = effect(() => {
    const layers = viewer.layers.value, main = viewer.main;
    const said = {
      eye: toText(viewer.camera.value),
      at: viewer.cross.value.map((part) => +part.toFixed(2)).join(","),
      view: viewer.layout.value === "both" ? null : viewer.layout.value,
      several: viewer.compare.value === "over" ? null : viewer.compare.value,
      // a level that nobody has moved is left to the next map
      level: main?.info && main.kind === "map" && Math.abs(main.level - main.begun) > 0.004 * main.info.sd ? sigmas(main).toFixed(2) : null,
      with: layers.slice(1).filter((layer) => layer.path && !["preview", "difference", "localres"].includes(layer.kind)).map((layer) => layer.path).join("|") || null,
    };
    clearTimeout(timer);
    if (!main?.info) return;
    if (first) return void (first = false);
    timer = setTimeout(() => setQuery(said), AFTER_MS);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
