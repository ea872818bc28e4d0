// The map viewer: surface and three slices that share a cross, what is shown, threshold, focus sphere and mask, curves beside.
import { useComputed } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { useKeys } from "../../app/keys";
import { to } from "../../app/place";
import { sayError } from "../../app/toasts";
import { Broken, Loading } from "../../parts/messages";
import type { ViewProps } from "../registry";
import { followAddress, fromAddress } from "./address";
import { gradient, scaleOf, type ColourBy } from "./colours";
import { Fsc } from "./Fsc";
import { addModel } from "./models";
import { figure, kindOf, sigmas, type Layer } from "./layers";
import { beginColouring, LayersPanel } from "./LayersPanel";
import { spread, surfaceFor } from "./localres";
import { MaskPanel } from "./MaskPanel";
import { savePicture } from "./picture";
import { Planes } from "./planes";
import { sceneOf } from "./scene";
import { SlicesPanel } from "./SlicesPanel";
import { SliceView } from "./SliceView";
import { CompareChoice, fit, LayoutChoice, SurfaceTools } from "./SurfaceTools";
import { SurfaceView, zoom, type SurfaceHandle } from "./SurfaceView";
import { ThresholdPanel } from "./ThresholdPanel";
import { useAnswer } from "./useAnswer";
import { Viewer, type Layout } from "./viewer";
import "./volume.css";

export default function Volume(props: ViewProps) {
  const number = props.job.match(/(\d{3,})\/?$/)?.[1] ?? "";
  const question = useResource<Schema<"Question">>(props.mode === "answer" && number ? `jobs/${number}/question` : "");
  const asked = question.data?.values.map;
  const path = props.mode === "answer" && typeof asked === "string" ? asked : props.path;
  if (question.problem) return <Broken sentence={question.problem.message} />;
  if (props.mode === "answer" && !question.data) return <Loading what="Reading what is asked" />;
  if (!path) return <Broken sentence="No map is named." />;
  return <Shown key={path} path={path} kind={props.mode === "answer" ? "map" : props.kind} job={props.mode === "answer" ? number : ""} maker={number} />;
}

function Shown({ path, kind, job, maker }: { path: string; kind: string; job: string; maker: string }) {
  const viewer = useMemo(() => new Viewer(), [path]);
  const planes = useMemo(() => new Planes(), [path]);
  const [hand, setHand] = useState<"turn" | "move">("turn");
  const [fault, setFault] = useState("");
  const surface = useRef<SurfaceHandle | null>(null);
  const mayAct = useResource<Schema<"ProjectRow">>("project").data?.may_act ?? false;
  const answer = useAnswer(viewer, job, mayAct);
  useEffect(() => {
    const wished = fromAddress(viewer);
    void open(viewer, path, kind, wished.level).then(() => wished.more.forEach((one) => void add(viewer, one, "")));
    const stop = followAddress(viewer);
    return () => {
      stop();
      viewer.close();
    };
  }, [viewer]);
  useEffect(() => {
    if (!surface.current) return;
    surface.current.marks.shapes = answer.slices.shapes;
    surface.current.marks.selected = answer.slices.selected;
    surface.current.draw();
  }, [answer.slices.shapes, answer.slices.selected]);
  const maps = useComputed(() => viewer.layers.value.filter((layer) => layer.visible && (layer.kind === "map" || layer.kind === "difference")).length).value;
  useViewKeys(viewer, maps);
  const main = viewer.main;
  const broken = viewer.layers.value[0]?.state === "broken" && !main;
  if (broken) return <Broken sentence={viewer.layers.value[0]!.problem ?? ""} />;
  const layout = fault ? "slices" : viewer.layout.value;
  const save = (transparent: boolean) => {
    const held = surface.current;
    const scene = held && sceneOf(viewer, held.painter, held.marks, false);
    if (held && scene) void savePicture(held.painter, scene, main?.name.replace(/\W+/g, "_") ?? "map", transparent).then(held.draw);
  };
  const view = (
    <div class={`volume-view volume-show-${layout}`}>
      <div class="volume-pictures" aria-label="Map viewer" role="group">
        <div class="volume-iso">
          {!fault && <SurfaceView viewer={viewer} hand={hand} onReady={(handle, said) => { surface.current = handle; setFault(said); }} />}
          <SurfaceTools viewer={viewer} hand={hand} setHand={setHand} place={answer.place} save={save} />
          <Detail viewer={viewer} />
          <Legend viewer={viewer} />
          {main?.triangles === 0 && main.visible && <p class="volume-nothing">Nothing lies above this threshold. Lower it with <kbd>-</kbd>.</p>}
        </div>
        <div class="volume-slices">{([2, 1, 0] as const).map((axis) => <SliceView key={axis} viewer={viewer} planes={planes} axis={axis} hand={answer.slices} />)}</div>
      </div>
      <Spoken viewer={viewer} />
      <aside class="volume-side" aria-label="What is shown and how">
        {fault && <p class="volume-note" role="status">Slices and sums only: {fault}.</p>}
        <LayersPanel viewer={viewer} path={path} views={fault ? null : <LayoutChoice viewer={viewer} />} onAdd={(one, word) => void add(viewer, one, word)} onColour={(layer, by, from) => void colourBy(viewer, layer, by, from)}
          onSubtract={(a, b) => { const said = viewer.subtract(a, b); if (said) sayError(said); }} />
        {maps > 1 && !fault && layout !== "slices" && <CompareChoice viewer={viewer} />}
        <ThresholdPanel viewer={viewer} />
        {viewer.frame && main && <MaskPanel hand={answer.mask} info={viewer.frame} layer={main} cross={viewer.cross.value} />}
        <Fsc maker={maker} viewer={viewer} />
        <SlicesPanel viewer={viewer} />
      </aside>
    </div>
  );
  if (!job) return view;
  return (
    <div class="volume-answer">
      <header class="row"><h1>Place the mask</h1><p class="quiet grow cut">Job {job} waits for it, on the grid of {path}. Place spheres, boxes and regions, then save the answer <kbd>S</kbd>.</p><a class="button small-button" href={to(`job/${job}`)}>The job</a></header>
      {view}
    </div>
  );
}

async function open(viewer: Viewer, path: string, kind: string, level: number | undefined): Promise<void> {
  const what = kindOf(kind, path);
  if (what === "localres") {
    const map = await surfaceFor(path);
    if (map) {
      const id = await viewer.add(map, "map", {}, level);
      const layer = viewer.layer(id);
      if (layer) await colourBy(viewer, layer, "map", path);
      return;
    }
  }
  if (what === "model") return addModel(viewer, path);
  await viewer.add(path, what, {}, what === "map" ? level : undefined);
}

async function add(viewer: Viewer, path: string, word: string): Promise<void> {
  const kind = kindOf(word || "map", path);
  if (kind === "model") return addModel(viewer, path);
  await viewer.add(path, kind);
}

/** Colour a surface; a map of local resolutions is fetched first and stays hidden. */
async function colourBy(viewer: Viewer, layer: Layer, by: ColourBy, from?: string): Promise<void> {
  let scale = null;
  if (by === "map" && from) {
    let source = viewer.layers.value.find((one) => one.path === from);
    if (!source) source = viewer.layer(await viewer.add(from, "localres", { visible: false }));
    if (!source?.info) return;
    scale = spread(source.info);
  }
  viewer.change(layer.id, { colouring: beginColouring(layer, by, from, scale) });
  viewer.surface(layer.id);
}

function useViewKeys(viewer: Viewer, maps: number): void {
  const order: Layout[] = ["both", "slices", "surface"];
  useKeys({
    v: { title: "Next view: both, slices, surface", run: () => (viewer.layout.value = order[(order.indexOf(viewer.layout.value) + 1) % 3]!) },
    f: { title: "Fit", run: () => fit(viewer) },
    z: { title: "Zoom in", run: () => zoom(viewer, 0.8) },
    "Shift+z": { title: "Zoom out", run: () => zoom(viewer, 1.25) },
    b: { title: "Blink two maps", run: () => {
      if (maps < 2) return sayError("Blinking needs two maps: add a second one.");
      if (viewer.compare.value === "blink") viewer.blinked.value++;
      else viewer.compare.value = "blink";
    } },
  }, "Map");
}

/** Says cross and threshold to those who do not see them, a moment after they have come to rest. */
function Spoken({ viewer }: { viewer: Viewer }) {
  const [said, setSaid] = useState("");
  const info = viewer.frame, main = viewer.main;
  const voxels = info ? viewer.cross.value.map((part) => Math.round(part / info.voxel_A)).join(", ") : "";
  const places = viewer.cross.value.map((part) => part.toFixed(1)).join(", ");
  const now = info && main ? `Cross at voxel ${voxels}, at ${places} ångström. Threshold ${main.kind === "map" ? `${sigmas(main).toFixed(1)} sigma` : figure(main.level)}.` : "";
  useEffect(() => {
    const timer = setTimeout(() => setSaid(now), 600);
    return () => clearTimeout(timer);
  }, [now]);
  return <p class="hidden-text" aria-live="polite">{said}</p>;
}

/** How fine the drawn surface is; a very large map is read whole when asked. */
function Detail({ viewer }: { viewer: Viewer }) {
  const layer = viewer.main, info = layer?.info;
  const grids = layer && viewer.grids.get(layer.id);
  viewer.round.value;
  if (viewer.stand && !info) return null;
  if (layer?.kind === "difference") return <span class="volume-detail" role="status" data-state={layer.state}>blue where it is more, orange where it is less</span>;
  if (!layer || !info) return <span class="volume-detail">reading</span>;
  const grid = layer.state === "full" ? grids?.best : (grids?.moving ?? grids?.first);
  const edge = grid ? Math.max(...grid.shape) : 0;
  const size = new Set(info.shape).size === 1 ? `${edge}³` : (grid?.shape.join(" × ") ?? "");
  const partly = layer.state === "full" && (grids?.best?.factor ?? 1) > 1;
  return (
    <span class="volume-detail" role="status" data-state={layer.state}>
      {layer.state === "full" ? (partly ? `averaged to ${size}` : `full ${size}`) : layer.state === "reading" ? "reading" : `first look ${size}`}
      {layer.pieces > 0 && ` · ${layer.pieces.toLocaleString("en-GB")} specks hidden`}
      {viewer.lowPass_A.value > 0 && ` · low-pass ${viewer.lowPass_A.value.toFixed(1)} Å`}
      {viewer.mirrored.value && " · mirrored in z"}
      {partly && <button type="button" class="button small-button" onClick={() => void viewer.readWhole(layer.id)}>Read all {Math.max(...info.shape)}³, {Math.round(info.full_bytes / 1e6)} MB</button>}
    </span>
  );
}

/** The scale of a surface that is coloured by values. */
function Legend({ viewer }: { viewer: Viewer }) {
  const layer = viewer.layers.value.find((one) => one.visible && one.kind !== "model" && one.colouring.by !== "one");
  if (!layer) return null;
  const { by, low, middle, high } = layer.colouring;
  const title = by === "map" ? "local resolution, Å" : by === "radius" ? "distance from the middle, Å" : "height along z, Å";
  return (
    <div class="volume-legend">
      <span>{title}</span>
      <i style={{ background: gradient(scaleOf(by)) }} />
      <div class="row"><span>{figure(low, 2)}</span><span>{figure(middle, 2)}</span><span>{figure(high, 2)}</span></div>
    </div>
  );
}

