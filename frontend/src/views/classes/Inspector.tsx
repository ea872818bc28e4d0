// Beside the classes: the iteration, how many particles still change class, the best resolutions, and the class under the cursor.
import { useEffect, useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { Plot } from "../../parts/Plot";
import { roundOf, type Contrast, type Stack } from "../../parts/stack";
import { lay } from "../curves/sheets";
import { Members } from "./Members";
import { stations, type ClassRow } from "./order";
import { One } from "./TileStrip";
import { Past } from "./Past";

interface InspectorProps {
  page: Schema<"ClassesPage">;
  job: string;
  path: string;
  row: ClassRow | undefined;
  stack: Stack | undefined;
  contrast: Contrast;
  history: Schema<"ClassHistory"> | undefined;
  onIteration: ((it: number) => void) | null;
  onAlike: (() => void) | null;
}

/** A value that follows another when it has been still for a moment. */
function useSettled<T>(value: T, wait_ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), wait_ms);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

export function Inspector(props: InspectorProps) {
  const { page, row } = props;
  const settled = useSettled(row?.index, 180);
  return (
    <aside class="classes-inspector" aria-label="Inspector" tabIndex={0}>
      {page.iterations.length > 1 && <Iteration {...props} />}
      {props.history && props.history.moments.length > 2 && <Trends history={props.history} now={page.iteration} onIteration={props.onIteration} />}
      {row && (
        <section>
          <div class="classes-about">
            {page.dimension === 2 && <One stack={props.stack} number={row.index} name={`Class ${row.index}, average`} contrast={props.contrast} round={roundOf(props.stack, page.diameter_A)} class="classes-big" />}
            <div class="grow">
              <h2>Class {row.index}</h2>
              <dl class="classes-facts">
                <dt>Particles</dt><dd>{row.particles.toLocaleString("en-GB")}</dd>
                <dt>Share</dt><dd>{(100 * row.share).toFixed(1)} %</dd>
                <dt>Resolution</dt><dd>{row.resolution_A === null ? "–" : `${row.resolution_A.toFixed(1)} Å`}</dd>
                <dt>Score</dt><dd>{row.score === null ? "–" : row.score.toFixed(2)}</dd>
                {row.accuracy_deg !== null && <><dt>Accuracy</dt><dd>{row.accuracy_deg.toFixed(1)}°, {row.accuracy_A?.toFixed(1) ?? "–"} Å</dd></>}
              </dl>
            </div>
          </div>
          {props.onAlike && <button type="button" class="button small-button classes-alike" onClick={props.onAlike}>Mark same as this</button>}
        </section>
      )}
      {settled !== undefined && page.data && (
        <section>
          <Members job={props.job} path={props.path} it={page.iteration} index={settled} />
        </section>
      )}
      {settled !== undefined && page.dimension === 2 && props.history && props.history.moments.length > 1 && (
        <section>
          <h3>How this class came to be</h3>
          <Past history={props.history} index={settled} diameter_A={page.diameter_A} its={stations(props.history.moments.filter((one) => one.present).map((one) => one.it), 6)} contrast={props.contrast} />
        </section>
      )}
      {settled !== undefined && page.data && <Histograms data={page.data} job={props.job} index={settled} />}
    </aside>
  );
}

function Iteration({ page, onIteration }: InspectorProps) {
  const at = Math.max(0, page.iterations.indexOf(page.iteration ?? -1));
  const last = page.iterations.length - 1;
  return (
    <section>
      <div class="row">
        <h2 class="grow">Iteration {page.iteration}</h2>
        <span class="small quiet">the selection is of this one</span>
      </div>
      <input type="range" min={0} max={last} value={at} disabled={!onIteration} aria-label="Iteration" aria-valuetext={`iteration ${page.iteration}`} class="classes-slider"
        onInput={(event) => onIteration?.(page.iterations[Number(event.currentTarget.value)]!)} />
      <div class="row small quiet classes-ends"><span class="grow">{page.iterations[0]}</span><span>{page.iterations[last]}{page.of && page.of > page.iterations[last]! ? ` of ${page.of}` : ""}</span></div>
    </section>
  );
}

function Trends(props: { history: Schema<"ClassHistory">; now: number | null; onIteration: ((it: number) => void) | null }) {
  const { moments } = props.history;
  const x = moments.map((one) => one.it);
  const marks = props.now === null ? [] : [{ axis: "x" as const, at: props.now, kind: "now" as const }];
  const pick = props.onIteration ? (it: number) => props.onIteration!(it) : undefined;
  const changed = moments.map((one) => (one.changed === null ? null : 100 * one.changed));
  return (
    <section>
      {changed.some((value) => value !== null) && (
        <Plot small title="Particles that changed class (%)" curves={[{ name: "changed class", x, y: changed }]} x={{ name: "Iteration" }} y={{ name: "changed", unit: "%", low: 0 }} marks={marks} height={92} onPick={pick} sync="classes" />
      )}
      <Plot small title="Resolution of the best ten classes (Å)" curves={[{ name: "resolution", x, y: moments.map((one) => one.best_A) }]} x={{ name: "Iteration" }} y={{ name: "resolution", unit: "Å", reversed: true }} marks={marks} height={92} onPick={pick} sync="classes" />
    </section>
  );
}

function Histograms(props: { data: string; job: string; index: number }) {
  const { data } = useResource<Schema<"AnglesPage">>(`angles/${props.job}`, { path: props.data, index: props.index });
  const shown = (data?.histograms ?? []).filter((sheet) => sheet.kind === "psi" || sheet.kind === "defocus");
  if (!shown.length) return null;
  return (
    <section>
      {shown.map((sheet) => {
        const laid = lay([{ name: "", sheet }]);
        return <Plot key={sheet.kind} small title={`${laid.title} (${laid.x.unit})`} curves={laid.curves} x={laid.x} y={laid.y} height={92} />;
      })}
    </section>
  );
}
