// The line below the classes: what the marks leave, live, and the acts that save it.
import type { ComponentChildren } from "preact";
import type { Left } from "./order";

interface FootProps {
  left: Left;
  recentre: boolean;
  onRecentre: ((on: boolean) => void) | null;
  onSave: () => void;
  onReferences: (() => void) | null;
  busy: boolean;
  /** Why nothing can be saved; "" when it can. */
  why: string;
  saved: ComponentChildren;
  fault: string;
}

export function Foot(props: FootProps) {
  const { left } = props;
  const nothing = props.why || (left.classes ? "" : "mark at least one class");
  return (
    <div class="classes-foot">
      <div class="grow classes-count">
        <p aria-live="polite" aria-atomic="true" data-testid="count">
          <strong>{left.classes}</strong> <span class="second">{left.classes === 1 ? "class" : "classes"},</span> <strong>{left.particles.toLocaleString("en-GB")}</strong>{" "}
          <span class="second">of {left.of.toLocaleString("en-GB")} particles ({left.percent.toFixed(1)} %)</span>
        </p>
        <div class="bar" aria-hidden="true"><i style={{ width: `${left.percent}%` }} /></div>
        {props.fault && <p class="small classes-fault" role="alert">{props.fault}</p>}
      </div>
      {props.saved}
      {props.onRecentre && (
        <label class="row dense second">
          <input type="checkbox" checked={props.recentre} onChange={(event) => props.onRecentre!(event.currentTarget.checked)} /> Recentre
        </label>
      )}
      {props.onReferences && <button type="button" class="button" disabled={props.busy || Boolean(nothing)} title={nothing || "Recentred averages, for picking"} onClick={props.onReferences}>Save as references</button>}
      <button type="button" class="button likely" disabled={props.busy || Boolean(nothing)} title={nothing} onClick={props.onSave}>
        Save selection <kbd class="classes-kbd">S</kbd>
      </button>
    </div>
  );
}
