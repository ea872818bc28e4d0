// The level of the chosen layer: in deviations and as it is, on a histogram with a logarithmic scale, by hand, by key, by figures.
import { useRef } from "preact/hooks";
import { useKeys } from "../../app/keys";
import { enclosed_kDa, voxelsAbove } from "./grid";
import { figure, sigmas, type Info, type Layer } from "./layers";
import { inSentence } from "./localres";
import type { Viewer } from "./viewer";

const WIDE = 340, HIGH = 46;

/** The values between which the level is chosen: from below the mean to where few voxels are left. */
function reachOfLevel(info: Info, level: number): [number, number] {
  const low = Math.max(info.low, info.mean - 3 * info.sd);
  let bin = 255;
  let above = 0;
  while (bin > 0 && (above += info.histogram[bin]!) < 40) bin--;
  const few = info.low + (bin / 255) * (info.high - info.low);
  return [low, Math.min(info.high, Math.max(few, info.mean + 6 * info.sd, level * 1.02))];
}

export function ThresholdPanel({ viewer }: { viewer: Viewer }) {
  const layer = viewer.main;
  const step = (direction: number, fine: boolean) => {
    if (!layer) return;
    const by = layer.info ? (layer.kind === "map" ? layer.info.sd * (fine ? 0.02 : 0.2) : (layer.info.high - layer.info.low) * (fine ? 0.004 : 0.04)) : fine ? 0.05 : 0.5;
    viewer.setLevel(layer.id, layer.level + direction * by);
  };
  useKeys({
    "-": { title: "Threshold down", run: () => step(-1, false) },
    "=": { title: "Threshold up", run: () => step(1, false) },
    _: { title: "Threshold down, a little", run: () => step(-1, true) },
    "+": { title: "Threshold up, a little", run: () => step(1, true) },
  }, "Map");
  if (!layer) return null;
  return (
    <section class="volume-section" aria-label="Threshold">
      <div class="row">
        <h2 class="grow">Threshold</h2>
        <Numbers viewer={viewer} layer={layer} />
      </div>
      {layer.info ? <Histogram viewer={viewer} layer={layer} info={layer.info} /> : layer.kind === "difference" && (
        <input class="volume-range" type="range" aria-label="Threshold of the difference in sigma" min={0.5} max={10} step={0.1} value={layer.level} onInput={(event) => viewer.setLevel(layer.id, Number(event.currentTarget.value))} />
      )}
      {layer.info && <Enclosed layer={layer} info={layer.info} />}
    </section>
  );
}

function Numbers({ viewer, layer }: { viewer: Viewer; layer: Layer }) {
  const set = (value: number) => Number.isFinite(value) && viewer.setLevel(layer.id, value);
  if (!layer.info) return <span class="dense strong">±{layer.level.toFixed(1)} σ</span>;
  const info = layer.info;
  return (
    <span class="row volume-numbers">
      {layer.kind === "map" && (
        <label><input type="number" step={0.1} aria-label="Threshold in sigma" value={sigmas(layer).toFixed(2)} onChange={(event) => set(info.mean + Number(event.currentTarget.value) * info.sd)} /> σ</label>
      )}
      <input class="wide" type="number" step="any" aria-label={layer.kind === "localres" ? "Threshold in ångström" : "Threshold as the map has it"} value={Number(layer.level.toPrecision(4))} onChange={(event) => set(Number(event.currentTarget.value))} />
    </span>
  );
}

/** How much lies above the level; in mass only where the project states one. */
function Enclosed({ layer, info }: { layer: Layer; info: Info }) {
  const nm3 = (voxelsAbove(info, layer.level) * info.voxel_A ** 3) / 1000;
  const volume = `encloses ${figure(nm3)} nm³`;
  if (!info.voxel_known) return <p class="small quiet">The file does not say its voxel size; 1 Å is taken.</p>;
  if (layer.kind === "localres") return <p class="small quiet">{inSentence(info)}</p>;
  if (layer.kind !== "map") return <p class="small quiet">{volume}</p>;
  if (!info.mass_kDa) return <p class="small quiet" title="Give the particle's mass in a mask creation job and the level is found from it">{volume}; the project states no mass</p>;
  return <p class="small quiet">{volume}, {figure(enclosed_kDa(info, layer.level))} kDa as protein; {figure(info.mass_kDa)} kDa stated by {info.mass_from}</p>;
}

function Histogram({ viewer, layer, info }: { viewer: Viewer; layer: Layer; info: Info }) {
  const box = useRef<SVGSVGElement>(null);
  const [low, high] = reachOfLevel(info, layer.level);
  const x = (value: number) => ((value - low) / (high - low)) * WIDE;
  const top = Math.log10(1 + Math.max(...info.histogram));
  const points = info.histogram.map((count, n) => `${x(info.low + (n / 255) * (info.high - info.low)).toFixed(1)},${(HIGH - (Math.log10(1 + count) / top) * (HIGH - 4)).toFixed(1)}`).join(" ");
  const shape = `${x(info.low)},${HIGH} ${points} ${x(info.high)},${HIGH}`;
  const at = Math.min(WIDE, Math.max(0, x(layer.level)));
  const set = (event: PointerEvent) => {
    const rect = box.current!.getBoundingClientRect();
    viewer.setLevel(layer.id, low + ((event.clientX - rect.left) / rect.width) * (high - low));
  };
  return (
    <>
      <svg ref={box} class="volume-histogram" viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" aria-hidden="true"
        onPointerDown={(event) => { box.current!.setPointerCapture(event.pointerId); set(event); }} onPointerMove={(event) => event.buttons === 1 && set(event)}>
        <clipPath id={`above-${layer.id}`}><rect x={at} y={0} width={WIDE - at} height={HIGH} /></clipPath>
        <polygon points={shape} class="below" />
        <polygon points={shape} class="above" clip-path={`url(#above-${layer.id})`} />
        <line x1={at} x2={at} y1={0} y2={HIGH} />
      </svg>
      <input class="volume-range" type="range" aria-label="Threshold" aria-valuetext={layer.kind === "map" ? `${sigmas(layer).toFixed(1)} sigma` : figure(layer.level)} min={low} max={high} step={(high - low) / 1000} value={layer.level}
        onInput={(event) => viewer.setLevel(layer.id, Number(event.currentTarget.value))} />
    </>
  );
}
