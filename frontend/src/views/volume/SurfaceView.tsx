// The surface: drawn when something changed, turned by hand or arrows, moved, zoomed; a click on it puts the cross there.
import { effect, useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { barLength, dragged } from "./camera";
import { matchedByte } from "./grid";
import { hit } from "./pick";
import { Painter } from "./painter";
import { inWords, Marks, middleOf, partsOf, reachOf, sceneOf } from "./scene";
import type { Viewer } from "./viewer";

export interface SurfaceHandle {
  painter: Painter;
  marks: Marks;
  draw: () => void;
}

interface Props {
  viewer: Viewer;
  /** "turn" or "move": what a drag does. */
  hand: "turn" | "move";
  onReady: (handle: SurfaceHandle | null, fault: string) => void;
}

const STEP = Math.PI / 36;

export function SurfaceView({ viewer, hand, onReady }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [bar, setBar] = useState({ A: 50, px: 100 });
  const [titles, setTitles] = useState<string[]>([]);
  const [label, setLabel] = useState("");
  useSignalEffect(() => setLabel(inWords(viewer)));
  useEffect(() => begin(viewer, canvas.current!, onReady, setBar, setTitles), [viewer]);
  const gesture = useRef<{ x: number; y: number; moved: boolean; how: "turn" | "move" } | null>(null);
  const down = (event: PointerEvent) => {
    if (event.button > 2) return;
    canvas.current!.setPointerCapture(event.pointerId);
    gesture.current = { x: event.clientX, y: event.clientY, moved: false, how: event.shiftKey || event.button === 2 ? "move" : hand };
  };
  const move = (event: PointerEvent) => {
    const held = gesture.current;
    if (!held) return;
    const dx = event.clientX - held.x, dy = event.clientY - held.y;
    if (!held.moved && Math.hypot(dx, dy) < 3) return;
    const height = canvas.current!.clientHeight;
    gesture.current = { ...held, x: event.clientX, y: event.clientY, moved: true };
    if (held.how === "turn") viewer.camera.value = dragged(viewer.camera.value, (dx / height) * 4, (-dy / height) * 4);
    else pan(viewer, (-dx / height) * 2, (dy / height) * 2);
  };
  const up = (event: PointerEvent) => {
    if (gesture.current && !gesture.current.moved && event.button === 0) point(viewer, canvas.current!, event);
    gesture.current = null;
  };
  const key = (event: KeyboardEvent) => {
    const turns: Record<string, [number, number]> = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    const by = turns[event.key];
    if (!by || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    if (event.shiftKey) pan(viewer, -by[0] * 0.6, -by[1] * 0.6);
    else viewer.camera.value = dragged(viewer.camera.value, ...by);
  };
  return (
    <>
      <canvas ref={canvas} class="volume-surface" tabIndex={0} role="img" aria-label={label || "Surface, being read"} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => (gesture.current = null)}
        onKeyDown={key} onContextMenu={(event) => event.preventDefault()}
        onWheel={(event) => {
          event.preventDefault();
          zoom(viewer, Math.exp(event.deltaY * 0.0015));
        }} />
      {titles.length > 1 && <div class="volume-panes" aria-hidden="true">{titles.map((title) => <span key={title} class="cut">{title}</span>)}</div>}
      <div class="volume-bar" aria-hidden="true"><i style={{ width: bar.px }} />{bar.A} Å</div>
    </>
  );
}

/** Larger or smaller by a factor. */
export function zoom(viewer: Viewer, by: number): void {
  const camera = viewer.camera.value;
  viewer.camera.value = { ...camera, half_A: Math.min(5000, Math.max(3, camera.half_A * by)) };
}

function pan(viewer: Viewer, right: number, up: number): void {
  const camera = viewer.camera.value;
  viewer.camera.value = { ...camera, pan_A: [camera.pan_A[0] + right * camera.half_A, camera.pan_A[1] + up * camera.half_A] };
}

/** Put the cross where the pointer meets the surface of the chosen layer. */
function point(viewer: Viewer, canvas: HTMLCanvasElement, event: PointerEvent): void {
  const box = canvas.getBoundingClientRect();
  const parts = partsOf(viewer.layers.value, viewer.compare.value, viewer.blinked.value).length;
  const panes = viewer.compare.value === "wipe" ? 1 : parts;
  const wide = box.width / panes;
  const x = (event.clientX - box.left) % wide;
  const scale = Math.max(1, box.height / wide);
  const layer = viewer.main, info = viewer.frame;
  const grids = layer && viewer.grids.get(layer.id);
  const grid = grids?.moving ?? grids?.best ?? grids?.first;
  if (!layer?.info || !grid || !info) return;
  const where: [number, number] = [((2 * x - wide) / box.height) * scale, (1 - (2 * (event.clientY - box.top)) / box.height) * scale];
  const found = hit(grid, matchedByte(grid, layer.info, layer.level), viewer.camera.value, where, { centre: middleOf(info), reach_A: reachOf(info), mirrored: viewer.mirrored.value });
  if (found) viewer.setCross(found);
}

/** Let a canvas show what the viewer knows, until the returned function is called. */
function begin(viewer: Viewer, canvas: HTMLCanvasElement, onReady: Props["onReady"], setBar: (bar: { A: number; px: number }) => void, setTitles: (titles: string[]) => void): () => void {
  let painter: Painter;
  try {
    painter = new Painter(canvas);
  } catch (error) {
    onReady(null, error instanceof Error ? error.message : String(error));
    return () => undefined;
  }
  const marks = new Marks();
  let asked = 0, last = 0, slow = false;
  let rest: ReturnType<typeof setTimeout> | undefined;
  const paint = () => {
    asked = 0;
    const box = canvas.getBoundingClientRect();
    if (box.width < 2 || painter.lost) return;
    const scene = sceneOf(viewer, painter, marks, slow);
    if (!scene) return;
    const dots = Math.min(2, devicePixelRatio || 1);
    const now = performance.now();
    if (now - last < 400) slow = now - last > 60;
    last = now;
    clearTimeout(rest);
    if (slow) rest = setTimeout(() => ((slow = false), (last = 0), draw()), 300);
    painter.draw(scene, Math.round(box.width * dots), Math.round(box.height * dots));
    const wide = scene.panes[0]!.cut ? box.width : box.width / scene.panes.length;
    const shown_A = (2 * scene.camera.half_A * Math.max(1, box.height / wide) * wide) / box.height;
    const bar = barLength(shown_A);
    setBar({ A: bar, px: Math.round((bar / shown_A) * wide) });
    canvas.dataset.triangles = String(viewer.layers.value.reduce((sum, layer) => sum + painter.triangles(layer.id), 0));
  };
  const draw = () => {
    if (!asked) asked = requestAnimationFrame(paint);
  };
  viewer.onMesh = (id, made) => {
    painter.put(id, made, made.shade);
    draw();
  };
  viewer.onDrop = (id) => painter.drop(id);
  const unwatch = effect(() => {
    viewer.round.value, viewer.camera.value, viewer.cross.value, viewer.mirrored.value, viewer.axes.value, viewer.group.value, viewer.wipe.value;
    const parts = partsOf(viewer.layers.value, viewer.compare.value, viewer.blinked.value);
    setTitles(parts.length > 1 ? parts.map((layers) => layers[0]!.name) : []);
    draw();
  });
  const sizes = new ResizeObserver(draw);
  sizes.observe(canvas);
  onReady({ painter, marks, draw }, "");
  return () => {
    unwatch();
    sizes.disconnect();
    cancelAnimationFrame(asked);
    clearTimeout(rest);
    viewer.onMesh = () => undefined;
    marks.forget();
    painter.close();
  };
}
