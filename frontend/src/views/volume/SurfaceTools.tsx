// The buttons over the surface: turn, move, zoom, fit, place a sphere, save; axes, mirror, ways to compare.
import { Icon } from "../../parts/Icon";
import { Menu } from "../../parts/Menu";
import { about, FRONT, times, type Quaternion } from "./camera";
import { reachOf } from "./scene";
import { zoom } from "./SurfaceView";
import type { Compare, Layout, Viewer } from "./viewer";

interface Props {
  viewer: Viewer;
  hand: "turn" | "move";
  setHand: (hand: "turn" | "move") => void;
  place: () => void;
  save: (transparent: boolean) => void;
}

/** Show all of the map again, from where the eye is. */
export function fit(viewer: Viewer): void {
  const info = viewer.frame;
  if (info) viewer.camera.value = { ...viewer.camera.value, half_A: reachOf(info) * 0.5, pan_A: [0, 0] };
}

const quarter = Math.PI / 2;
/** Along z as it begins; along y with z up; along x with z up. */
const VIEWS: [string, Quaternion][] = [["From z", FRONT], ["From −y", about([1, 0, 0], -quarter)], ["From x", times(about([1, 0, 0], -quarter), about([0, 0, 1], -quarter))]];

export function SurfaceTools({ viewer, hand, setHand, place, save }: Props) {
  const button = (title: string, icon: string, run: () => void, pressed?: boolean) => (
    <button type="button" class="volume-tool" title={title} aria-label={title} aria-pressed={pressed} onClick={run}><Icon name={icon} /></button>
  );
  const group = viewer.group.value;
  return (
    <div class="volume-tools" role="toolbar" aria-label="Surface">
      {button("Turn", "again", () => setHand("turn"), hand === "turn")}
      {button("Move", "move", () => setHand("move"), hand === "move")}
      {button("Zoom in (Z)", "zoom-in", () => zoom(viewer, 0.8))}
      {button("Zoom out (Shift Z)", "zoom-out", () => zoom(viewer, 1.25))}
      {button("Fit (F)", "fit", () => fit(viewer))}
      {button("Place a sphere at the cross (O)", "sphere", place)}
      <Menu title="Save picture" kind="volume-tool" align="left" icon="camera" iconOnly acts={[{ title: "On a dark ground", run: () => save(false) }, { title: "Transparent", run: () => save(true) }]} />
      <Menu title="More of the view" kind="volume-tool" align="left" icon="more" iconOnly acts={[
        ...VIEWS.map(([title, turn], n) => ({ title, ...(n === 0 ? { group: "Look" } : {}), run: () => (viewer.camera.value = { ...viewer.camera.value, turn }) })),
        { title: `Symmetry axes${group ? ` (${group})` : ""}`, group: "Draw", chosen: viewer.axes.value, ...(group === "C1" ? { why: "C1 has none" } : {}), run: () => (viewer.axes.value = !viewer.axes.value) },
        { title: "Other hand (mirrored in z)", chosen: viewer.mirrored.value, run: () => (viewer.mirrored.value = !viewer.mirrored.value) },
      ]} />
    </div>
  );
}

const LAYOUTS: [Layout, string][] = [["both", "Both"], ["surface", "Surface"], ["slices", "Slices"]];
const COMPARES: [Compare, string][] = [["over", "Over"], ["side", "Side by side"], ["wipe", "Wipe"], ["blink", "Blink"]];

export function LayoutChoice({ viewer }: { viewer: Viewer }) {
  return (
    <span class="segments volume-small" role="group" aria-label="Views (V)">
      {LAYOUTS.map(([id, title]) => <button key={id} type="button" aria-pressed={viewer.layout.value === id} onClick={() => (viewer.layout.value = id)}>{title}</button>)}
    </span>
  );
}

/** How several maps are drawn. */
export function CompareChoice({ viewer }: { viewer: Viewer }) {
  return (
    <div class="volume-choices">
      <span class="segments volume-small" role="group" aria-label="Several maps">
        {COMPARES.map(([id, title]) => <button key={id} type="button" aria-pressed={viewer.compare.value === id} onClick={() => (viewer.compare.value = id)}>{title}</button>)}
      </span>
      {viewer.compare.value === "wipe" && <input type="range" class="volume-wipe" aria-label="Where the wipe stands" min={0} max={1} step={0.01} value={viewer.wipe.value} onInput={(event) => (viewer.wipe.value = Number(event.currentTarget.value))} />}
      {viewer.compare.value === "blink" && <button type="button" class="button small-button" onClick={() => viewer.blinked.value++}>Next <kbd>B</kbd></button>}
    </div>
  );
}
