// The line above the classes: order, threshold with "Select these", invert, clear, undo; and how the pictures are shown.
import { Icon } from "../../parts/Icon";
import type { Contrast } from "../../parts/stack";
import { rangeOf, TITLES, type ClassRow, type Key } from "./order";

export interface ToolbarProps {
  classes: ClassRow[];
  ranked: boolean;
  sort: Key;
  onSort: (key: Key) => void;
  threshold: number;
  onThreshold: (value: number) => void;
  onTake: () => void;
  onInvert: () => void;
  onClear: () => void;
  onUndo: () => void;
  canUndo: boolean;
  maySelect: boolean;
}

const SIGNS: Record<Key, string> = { score: "Score ≥", particles: "Particles ≥", resolution: "Resolution ≤", number: "" };

export function Toolbar(props: ToolbarProps) {
  const cut: Key = props.sort === "number" ? (props.ranked ? "score" : "particles") : props.sort;
  const range = rangeOf(props.classes, cut);
  const said = cut === "score" ? props.threshold.toFixed(2) : cut === "resolution" ? `${props.threshold.toFixed(1)} Å` : Math.round(props.threshold).toLocaleString("en-GB");
  return (
    <div class="classes-toolbar" role="toolbar" aria-label="Order and marks">
      <label class="row dense second classes-sort">
        Sort
        <select class="field-box" value={props.sort} onChange={(event) => props.onSort(event.currentTarget.value as Key)}>
          {(Object.keys(TITLES) as Key[]).map((key) => <option key={key} value={key} disabled={key === "score" && !props.ranked}>{TITLES[key]}</option>)}
        </select>
      </label>
      {props.maySelect && (
        <span class="row dense second classes-threshold">
          <label class="row">
            {SIGNS[cut]}
            <input type="range" min={range.low} max={range.high} step={range.step} value={props.threshold} aria-label={`Select classes with ${SIGNS[cut].toLowerCase().replace("≥", "at least").replace("≤", "at most")}`}
              aria-valuetext={said} onInput={(event) => props.onThreshold(Number(event.currentTarget.value))} />
          </label>
          <output class="strong">{said}</output>
          <button type="button" class="button small-button" onClick={props.onTake}>Select these</button>
        </span>
      )}
      <span class="grow" />
      {props.maySelect && (
        <>
          <button type="button" class="button bare small-button" onClick={props.onInvert}>Invert <kbd>I</kbd></button>
          <button type="button" class="button bare small-button" onClick={props.onClear}>Clear</button>
          <button type="button" class="button bare small-button icon-only" aria-label="Undo" title="Undo (Ctrl Z)" disabled={!props.canUndo} onClick={props.onUndo}><Icon name="undo" /></button>
        </>
      )}
    </div>
  );
}

interface LookProps {
  tile: number;
  onTile: (size: number) => void;
  contrast: Contrast;
  onContrast: (contrast: Contrast) => void;
}

/** How the pictures are shown: contrast for all or for each, and the size of tiles. */
export function Look(props: LookProps) {
  return (
    <>
      <div class="segments classes-contrast" role="group" aria-label="Contrast">
        <button type="button" aria-pressed={props.contrast === "one"} title="One contrast for all, so that noise looks like noise" onClick={() => props.onContrast("one")}>One</button>
        <button type="button" aria-pressed={props.contrast === "each"} title="Each class in its own contrast" onClick={() => props.onContrast("each")}>Each</button>
      </div>
      <input type="range" class="classes-size" aria-label="Size of tiles" min={64} max={192} step={4} value={props.tile} onInput={(event) => props.onTile(Number(event.currentTarget.value))} />
    </>
  );
}
