// How the slices are drawn: black and white, planes or sums.
import { figure } from "./layers";
import { greyOf } from "./planes";
import type { Viewer } from "./viewer";

export function SlicesPanel({ viewer }: { viewer: Viewer }) {
  const layer = viewer.main;
  if (!layer) return null;
  const [black, white] = viewer.contrast.value ?? greyOf(layer);
  const [low, high] = layer.info ? [layer.info.low, layer.info.high] : [-12, 12];
  const step = (high - low) / 400;
  const set = (next: [number, number]) => (viewer.contrast.value = next[0] < next[1] ? next : [next[0], next[0] + step]);
  return (
    <section class="volume-section" aria-label="Slices">
      <div class="row">
        <h2 class="grow">Slices</h2>
        {viewer.contrast.value && <button type="button" class="button bare small-button" onClick={() => (viewer.contrast.value = null)}>As found</button>}
        <span class="segments volume-small" role="group" aria-label="What the slices show">
          <button type="button" aria-pressed={!viewer.projections.value} onClick={() => (viewer.projections.value = false)}>Planes</button>
          <button type="button" aria-pressed={viewer.projections.value} onClick={() => (viewer.projections.value = true)}>Sums</button>
        </span>
      </div>
      <div class="volume-greys">
        <label>Black <input type="range" min={low} max={high} step={step} value={black} disabled={viewer.projections.value} onInput={(event) => set([Number(event.currentTarget.value), white])} /><output>{figure(black, 2)}</output></label>
        <label>White <input type="range" min={low} max={high} step={step} value={white} disabled={viewer.projections.value} onInput={(event) => set([Math.min(black, Number(event.currentTarget.value) - step), Number(event.currentTarget.value)])} /><output>{figure(white, 2)}</output></label>
      </div>
    </section>
  );
}
