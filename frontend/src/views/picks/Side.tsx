// Right of the micrograph: limits with their histogram and live counts, how picks are drawn, how the picture is toned.
import { useId, useMemo, useRef, useState } from "preact/hooks";
import { PictureControls } from "../../parts/PictureControls";
import { histogram, type Limits } from "./edits";
import { setLimit } from "./strokes";
import type { Desk } from "./usePicks";

interface Props {
  desk: Desk;
  diameterA: number;
  onDiameter: (diameter: number) => void;
  byScore: boolean;
  onByScore: (on: boolean) => void;
  hideOut: boolean;
  onHideOut: (on: boolean) => void;
  mayEdit: boolean;
}

const BINS = 56;

export function Side(props: Props) {
  const { desk } = props;
  const [low, high] = desk.range;
  const scored = high > low;
  return (
    <section class="picks-side" aria-label="Limits and look">
      <Counts desk={desk} />
      {scored ? <Threshold desk={desk} low={low} high={high} mayEdit={props.mayEdit} /> : desk.list.total > 0 && <p class="quiet dense">These picks have no scores, so that no threshold can be set.</p>}
      <NumberField title="Smallest distance" unit="Å" value={desk.limits.distance} placeholder="any" disabled={!props.mayEdit} onValue={(value) => setLimit(desk.draft, "distance", value && value > 0 ? value : null)} />
      <h2>Circles</h2>
      <NumberField title="Diameter" unit="Å" value={props.diameterA} placeholder="" onValue={(value) => value && value > 0 && props.onDiameter(value)} />
      {scored && <Check title="Colour by score" on={props.byScore} set={props.onByScore} />}
      <Check title="Hide picks that limits leave out" on={props.hideOut} set={props.onHideOut} />
      <h2>Picture</h2>
      <PictureControls />
    </section>
  );
}

function Counts({ desk }: { desk: Desk }) {
  const here = desk.picks?.filter((pick) => pick.kept).length ?? desk.left[desk.index] ?? 0;
  const all = desk.picks?.length ?? desk.row.picks;
  const about = desk.limits.distance ? "at most " : "";
  return (
    <div class="picks-counts" role="status">
      <p><span class="key-number">{here.toLocaleString("en")}</span> <span class="second">of {all.toLocaleString("en")} here</span></p>
      <p class="second">{about}<b>{desk.total.toLocaleString("en")}</b> in all {desk.list.rows.length.toLocaleString("en")} micrographs</p>
    </div>
  );
}

/** The histogram of all scores with the lower and the upper limit; the sliders lie over it. */
function Threshold({ desk, low, high, mayEdit }: { desk: Desk; low: number; high: number; mayEdit: boolean }) {
  const bars = useMemo(() => histogram(desk.scores, low, high, BINS), [desk.scores, low, high]);
  const most = bars.reduce((top, bar) => Math.max(top, bar), 1);
  const step = (high - low) / 200;
  const { least, most: upper } = desk.limits;
  const [from, to] = [least ?? low, upper ?? high];
  const inside = (bin: number) => {
    const middle = low + ((bin + 0.5) / BINS) * (high - low);
    return middle >= from && middle <= to;
  };
  return (
    <>
      <h2>Score</h2>
      <svg class="picks-bars" viewBox={`0 0 ${BINS} 40`} preserveAspectRatio="none" aria-hidden="true">
        {[...bars].map((bar, bin) => {
          const height = (Math.sqrt(bar) / Math.sqrt(most)) * 38;
          return <rect key={bin} x={bin + 0.1} y={40 - height} width={0.8} height={height} class={inside(bin) ? "in" : "out"} />;
        })}
      </svg>
      <Limit title="At least" name="least" desk={desk} low={low} high={high} step={step} open={low} mayEdit={mayEdit} />
      <Limit title="At most" name="most" desk={desk} low={low} high={high} step={step} open={high} mayEdit={mayEdit} />
    </>
  );
}

function Limit(props: { title: string; name: keyof Limits; desk: Desk; low: number; high: number; step: number; open: number; mayEdit: boolean }) {
  const { desk, name, low, high, step } = props;
  const id = useId();
  const value = desk.limits[name];
  const set = (next: number) => setLimit(desk.draft, name, Math.abs(next - props.open) < step / 2 ? null : Number(next.toPrecision(4)), true);
  return (
    <div class="picks-limit">
      <label for={id}>{props.title}</label>
      <input id={id} type="range" min={low} max={high} step={step} value={value ?? props.open} disabled={!props.mayEdit} aria-valuetext={value === null ? "any" : value.toPrecision(3)} onInput={(event) => set(Number(event.currentTarget.value))} />
      <NumberBox label={`${props.title}, score`} value={value} placeholder="any" disabled={!props.mayEdit} onValue={(next) => setLimit(desk.draft, name, next)} />
    </div>
  );
}

/** A box for a number; what is being typed stays while the page is drawn anew, and counts when the box is left or Enter is pressed. */
function NumberBox(props: { id?: string; label?: string; value: number | null; placeholder: string; disabled: boolean; onValue: (value: number | null) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const touched = useRef(false);
  const take = (box: HTMLInputElement) => {
    if (touched.current) props.onValue(parsed(box.value));
    touched.current = false;
    setTyped(null);
  };
  return (
    <input
      id={props.id}
      class="field-box"
      type="text"
      inputMode="decimal"
      aria-label={props.label}
      disabled={props.disabled}
      placeholder={props.placeholder}
      value={typed ?? (props.value === null ? "" : String(props.value))}
      onInput={(event) => {
        touched.current = true;
        setTyped(event.currentTarget.value);
      }}
      onBlur={(event) => take(event.currentTarget)}
      onKeyDown={(event) => event.key === "Enter" && take(event.currentTarget)}
    />
  );
}

function parsed(text: string): number | null {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() && Number.isFinite(value) ? value : null;
}

function NumberField(props: { title: string; unit: string; value: number | null; placeholder: string; disabled?: boolean; onValue: (value: number | null) => void }) {
  const id = useId();
  return (
    <div class="picks-number">
      <label for={id}>{props.title}</label>
      <NumberBox id={id} value={props.value} placeholder={props.placeholder} disabled={props.disabled ?? false} onValue={props.onValue} />
      <span class="quiet">{props.unit}</span>
    </div>
  );
}

function Check(props: { title: string; on: boolean; set: (on: boolean) => void }) {
  return <label class="picks-check"><input type="checkbox" checked={props.on} onChange={(event) => props.set(event.currentTarget.checked)} />{props.title}</label>;
}
