// 3D classes: three central slices and a projection of each with its numbers; shares over the iterations; marked like 2D classes.
import { useEffect, useState } from "preact/hooks";
import { getBytes, type Schema } from "../../api/client";
import { lazy } from "../../app/lazy";
import { to } from "../../app/place";
import { parseStack, type Contrast, type Stack } from "../../parts/stack";
import { Bands } from "../curves/Bands";
import type { ClassRow } from "./order";
import { One } from "./TileStrip";

interface MapsProps {
  page: Schema<"ClassesPage">;
  job: string;
  path: string;
  order: number[];
  rows: Map<number, ClassRow>;
  marked: ReadonlySet<number>;
  onMark: ((numbers: number[], on: boolean) => void) | null;
  cursor: number | null;
  onCursor: (number: number) => void;
  contrast: Contrast;
  tile: number;
  history: Schema<"ClassHistory"> | undefined;
}

const Angles = lazy(() => import("../angles/Angles"));

const VIEWS = ["slice across z", "slice across y", "slice across x", "projection along z"];
const SHORT = ["z", "y", "x", "projection"];

export function Maps3d(props: MapsProps) {
  const { page } = props;
  const [stack, setStack] = useState<Stack>();
  const [fault, setFault] = useState("");
  useEffect(() => {
    const stop = new AbortController();
    setFault("");
    getBytes(`classes/${props.job}/slices`, { it: page.iteration, path: props.path, size: 128, tag: page.tag }, stop.signal).then(
      (answer) => setStack(parseStack(answer)),
      (error: unknown) => !stop.signal.aborted && setFault(error instanceof Error ? error.message : String(error)),
    );
    return () => stop.abort();
  }, [page.tag, page.iteration]);
  const shares = (props.history?.moments ?? []).filter((one) => one.shares.length > 1);
  const chosen = props.order.filter((index) => props.marked.has(index)).map((index) => props.rows.get(index)!.image);
  return (
    <div class="classes-maps" tabIndex={0} role="region" aria-label="Maps of the classes">
      {fault && <p class="dense quiet">{fault}</p>}
      {props.order.map((index) => {
        const row = props.rows.get(index)!;
        return (
          <section key={index} class={`card classes-map${props.marked.has(index) ? " classes-map-marked" : ""}${props.cursor === index ? " classes-map-here" : ""}`} aria-label={`Class ${index}`} onPointerEnter={() => props.onCursor(index)} onFocusCapture={() => props.onCursor(index)}>
            <div class="row classes-map-head">
              {props.onMark ? (
                <label class="row grow">
                  <input type="checkbox" checked={props.marked.has(index)} onChange={(event) => props.onMark!([index], event.currentTarget.checked)} />
                  <h2>Class {index}</h2>
                </label>
              ) : <h2 class="grow">Class {index}</h2>}
              <span class="dense second"><strong>{row.particles.toLocaleString("en-GB")}</strong> particles, {(100 * row.share).toFixed(1)} %</span>
              <span class="dense second">{row.resolution_A === null ? "–" : `${row.resolution_A.toFixed(1)} Å`}</span>
              {row.accuracy_deg !== null && <span class="dense second">accuracy {row.accuracy_deg.toFixed(1)}°, {row.accuracy_A?.toFixed(1)} Å</span>}
              {row.present && <a class="button small-button" href={to("view", { path: row.image })}>Open in map viewer</a>}
            </div>
            {row.present ? (
              <ul class="classes-strip" style={{ gridTemplateColumns: `repeat(4, minmax(64px, ${Math.round(props.tile * 1.6)}px))` }}>
                {VIEWS.map((view, k) => (
                  <li key={view}>
                    <One stack={stack} number={4 * (index - 1) + k + 1} name={`Class ${index}, ${view}`} contrast={k === 3 ? "each" : props.contrast} round={0} />
                    <span class="small quiet">{SHORT[k]}</span>
                  </li>
                ))}
              </ul>
            ) : <p class="dense quiet">The map {row.image} is not on disk (cleaned). It can still be selected.</p>}
          </section>
        );
      })}
      {shares.length > 1 && <section class="card classes-map"><Bands its={shares.map((one) => one.it)} shares={shares.map((one) => one.shares)} now={page.iteration ?? undefined} /></section>}
      {page.data && <details class="card classes-map"><summary class="strong">Angles of class {props.cursor ?? 1}</summary><Angles job={props.job} path={page.data} index={props.cursor ?? 1} /></details>}
      {chosen.length > 1 && <a class="button" href={to("view", { path: chosen[0], with: chosen.slice(1).join("|") })}>Overlay the {chosen.length} chosen maps</a>}
    </div>
  );
}
