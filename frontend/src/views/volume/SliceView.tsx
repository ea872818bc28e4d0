// One of the three slices: click or drag puts the cross, arrows move it, page keys go through; shapes are dragged, their handle sizes them.
import { effect, signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "../../parts/Icon";
import { barLength } from "./camera";
import type { Vec3 } from "./grid";
import { type Layer } from "./layers";
import { contour, cutGrid, greyOf, resolutionColours, type Planes } from "./planes";
import { axesOfSlice, cutBy, isPlaced, movedTo, placeOf, type Placed, type Shape } from "./shapes";
import { fitted, GREYS, paintBar, paintCross, paintLines, paintPlane, paintShapes, toDots, toPlace, type Fit } from "./slicePaint";
import type { Viewer } from "./viewer";

export interface ShapeHand {
  shapes: Shape[];
  selected: number;
  select: (n: number) => void;
  /** Change the chosen shape; `done` when the hand lets go, which makes a step of the history. */
  change: (shape: Placed, done: boolean) => void;
}

interface Props {
  viewer: Viewer;
  planes: Planes;
  axis: 0 | 1 | 2;
  hand: ShapeHand;
}

const NAMES = ["X", "Y", "Z"];
const REACH_PX = 9;

export function SliceView({ viewer, planes, axis, hand }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const fit = useRef<Fit | null>(null);
  const held = useRef<{ how: "cross" | "shape" | "size"; from: [number, number]; shape?: Placed; moved: boolean } | null>(null);
  const [playing, setPlaying] = useState(false);
  const handNow = useMemo(() => signal(hand), []);
  handNow.value = hand;
  useEffect(() => {
    const tick = signal(0);
    const stop = effect(() => {
      tick.value, viewer.round.value;
      fit.current = paint(canvas.current!, viewer, planes, axis, handNow.value, () => tick.value++);
    });
    const sizes = new ResizeObserver(() => tick.value++);
    sizes.observe(canvas.current!);
    return () => {
      stop();
      sizes.disconnect();
    };
  }, [viewer]);
  const info = viewer.frame;
  const count = info?.shape[axis] ?? 1;
  const k = info ? Math.round(viewer.cross.value[axis] / info.voxel_A) : 0;
  const [u, v] = axesOfSlice(axis);
  const goTo = (next: number) => info && viewer.setCross(viewer.cross.value.map((part, n) => (n === axis ? next * info.voxel_A : part)) as Vec3);
  const latest = useRef({ k, goTo });
  latest.current = { k, goTo };
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => latest.current.goTo((latest.current.k + 1) % count), 90);
    return () => clearInterval(timer);
  }, [playing, count]);
  const at = (event: PointerEvent): [number, number] => [event.offsetX, event.offsetY];
  const down = (event: PointerEvent) => {
    if (event.button !== 0 || !fit.current) return;
    canvas.current!.setPointerCapture(event.pointerId);
    const found = grab(hand, axis, viewer.cross.value[axis], fit.current, at(event), viewer.projections.value);
    if (found && found.n !== hand.selected) hand.select(found.n);
    held.current = { how: found?.how ?? "cross", from: at(event), ...(found ? { shape: found.shape } : {}), moved: false };
    if (!found) putCross(event);
  };
  const putCross = (event: PointerEvent) => {
    const place = toPlace(fit.current!, ...at(event));
    const cross = [...viewer.cross.value] as Vec3;
    [cross[u], cross[v]] = place;
    viewer.setCross(cross);
  };
  const move = (event: PointerEvent) => {
    const now = held.current;
    if (!now) return;
    now.moved ||= Math.hypot(at(event)[0] - now.from[0], at(event)[1] - now.from[1]) > 2;
    if (now.how === "cross") putCross(event);
    else if (now.moved && now.shape) hand.change(changed(now.shape, now.how, axis, fit.current!, [now.from, at(event)], viewer.projections.value ? null : viewer.cross.value[axis]), false);
  };
  const up = (event: PointerEvent) => {
    const now = held.current;
    held.current = null;
    if (!now || now.how === "cross") return;
    if (now.moved && now.shape) hand.change(changed(now.shape, now.how, axis, fit.current!, [now.from, at(event)], viewer.projections.value ? null : viewer.cross.value[axis]), true);
    else putCross(event);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const far = event.shiftKey ? 10 : 1;
    const steps: Record<string, [number, number]> = { ArrowLeft: [u, -far], ArrowRight: [u, far], ArrowUp: [v, far], ArrowDown: [v, -far], PageUp: [axis, far], PageDown: [axis, -far] };
    const step = steps[event.key];
    if (event.key === " ") setPlaying(!playing);
    else if (step && info) viewer.setCross(viewer.cross.value.map((part, n) => (n === step[0] ? part + step[1] * info.voxel_A : part)) as Vec3);
    else return;
    event.preventDefault();
  };
  const name = NAMES[axis]!;
  return (
    <figure class="volume-slice">
      <canvas ref={canvas} tabIndex={0} role="img" aria-label={`Slice ${k} of ${count} across ${name}; arrow keys move the cross, page keys change the slice`}
        onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => (held.current = null)} onKeyDown={key}
        onWheel={(event) => { event.preventDefault(); goTo(k + Math.sign(event.deltaY)); }} />
      <figcaption>{name} {viewer.projections.value ? "sum" : <><b>{k}</b><span> {viewer.cross.value[axis].toFixed(1)} Å</span></>}</figcaption>
      <div class="volume-slide">
        <button type="button" aria-label={playing ? `Stop playing through ${name}` : `Play through ${name}`} aria-pressed={playing} onClick={() => setPlaying(!playing)}><Icon name={playing ? "stop" : "run"} size={11} /></button>
        <input type="range" min={0} max={count - 1} value={k} aria-label={`Slice across ${name}`} onInput={(event) => goTo(Number(event.currentTarget.value))} />
      </div>
    </figure>
  );
}

/** Draw the slice; gives how Å lie in it. */
function paint(canvas: HTMLCanvasElement, viewer: Viewer, planes: Planes, axis: 0 | 1 | 2, hand: ShapeHand, again: () => void): Fit | null {
  const layer = viewer.main, frame = viewer.frame;
  const box = canvas.getBoundingClientRect();
  const cross = viewer.cross.value, flat = viewer.projections.value, grey = viewer.contrast.value;
  if (!layer || !frame || box.width < 2) return null;
  const dots = Math.min(2, devicePixelRatio || 1);
  const [w, h] = [Math.round(box.width * dots), Math.round(box.height * dots)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const pen = canvas.getContext("2d")!;
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  pen.clearRect(0, 0, box.width, box.height);
  const [u, v] = axesOfSlice(axis);
  const fit = fitted(box.width, box.height, frame.shape[u] * frame.voxel_A, frame.shape[v] * frame.voxel_A, frame.voxel_A);
  canvas.dataset.plane = drawPlane(pen, viewer, layer, planes, axis, fit, { flat, grey, again });
  if (!flat) outlines(pen, viewer, axis, cross[axis], fit);
  paintCross(pen, fit, axis, cross);
  paintShapes(pen, fit, axis, cross[axis], hand.shapes, hand.selected, flat);
  paintBar(pen, fit, barLength(box.width / fit.scale, 0.3));
  return fit;
}

function drawPlane(pen: CanvasRenderingContext2D, viewer: Viewer, layer: Layer, planes: Planes, axis: 0 | 1 | 2, fit: Fit, how: { flat: boolean; grey: [number, number] | null; again: () => void }): string {
  const grids = viewer.grids.get(layer.id);
  const grid = grids?.best ?? grids?.first;
  const k = layer.info ? Math.round(viewer.cross.value[axis] / layer.info.voxel_A) : 0;
  const exact = k < (layer.info?.shape[axis] ?? 0) ? planes.get(layer, axis, how.flat ? -1 : k, how.again) : undefined;
  const limits = how.grey ?? greyOf(layer);
  const colours = layer.kind === "localres" && layer.info && !how.flat ? resolutionColours(layer.info, limits) : GREYS;
  if (exact) paintPlane(pen, exact, fit, how.flat ? [exact.low, exact.high] : limits, layer.info!.voxel_A, colours);
  else if (grid && !how.flat) paintPlane(pen, cutGrid(grid, axis, viewer.cross.value[axis]), { ...fit, left: fit.left + grid.first_A * fit.scale, bottom: fit.bottom - grid.first_A * fit.scale }, limits, grid.voxel_A, colours);
  return exact ? `${how.flat ? "sum" : k}` : "coarse";
}

/** Masks that are shown, as lines where they are at their level. */
function outlines(pen: CanvasRenderingContext2D, viewer: Viewer, axis: 0 | 1 | 2, at_A: number, fit: Fit): void {
  for (const layer of viewer.layers.value) {
    const grid = viewer.grids.get(layer.id)?.best;
    if (!layer.visible || !grid || layer === viewer.main || (layer.kind !== "mask" && layer.kind !== "preview")) continue;
    paintLines(pen, contour(cutGrid(grid, axis, at_A), layer.level), fit, grid.first_A, grid.voxel_A, layer.kind === "preview" ? "#4fd8f5" : "#eca935");
  }
}

/** What of the shapes lies under a point: the chosen one's handle, or a shape, the chosen first. */
function grab(hand: ShapeHand, axis: 0 | 1 | 2, at_A: number, fit: Fit, [x, y]: [number, number], flat: boolean): { n: number; how: "shape" | "size"; shape: Placed } | null {
  const order = [hand.selected, ...hand.shapes.keys()].filter((n) => n >= 0);
  for (const n of order) {
    const shape = hand.shapes[n];
    if (!isPlaced(shape)) continue;
    const cut = cutBy(shape, axis, flat ? placeOf(shape)[axis] : at_A);
    if (!cut) continue;
    const [cx, cy] = toDots(fit, cut.u, cut.v);
    const [hx, hy] = [cut.half_u * fit.scale, cut.half_v * fit.scale];
    if (n === hand.selected && Math.hypot(x - cx - hx, y - cy) < REACH_PX) return { n, how: "size", shape };
    const inside = cut.round ? Math.hypot(x - cx, y - cy) < hx + 4 : Math.abs(x - cx) < hx + 4 && Math.abs(y - cy) < hy + 4;
    if (inside) return { n, how: "shape", shape };
  }
  return null;
}

/** The shape after a drag from one point to another, in the slice at a place (null: in a projection). */
function changed(shape: Placed, how: "shape" | "size" | "cross", axis: 0 | 1 | 2, fit: Fit, [from, to]: [[number, number], [number, number]], at_A: number | null): Placed {
  const [u, v] = axesOfSlice(axis);
  const place = placeOf(shape);
  const right = (to[0] - from[0]) / fit.scale, up = (from[1] - to[1]) / fit.scale;
  if (how === "shape") {
    place[u] += right;
    place[v] += up;
    return movedTo(shape, place);
  }
  const round = (value: number) => Math.max(0.5, Math.round(value * 10) / 10);
  if (shape.shape === "box") {
    const widths = ["width_x_A", "width_y_A", "width_z_A"] as const;
    return { ...shape, [widths[u]]: round(shape[widths[u]] + 2 * right) };
  }
  const away = Math.hypot(toPlace(fit, ...to)[0] - place[u], toPlace(fit, ...to)[1] - place[v]);
  return { ...shape, radius_A: round(Math.hypot(away, at_A === null ? 0 : at_A - place[axis])) };
}
