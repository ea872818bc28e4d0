// The curves of a job: FSC with its crossing, Guinier, signal and noise by class, B-factors by frame; from the server's sheets.
import { useResource, type Schema } from "../../api/client";
import { query, setQuery, to } from "../../app/place";
import { Broken, Empty, Loading } from "../../parts/messages";
import { Plot } from "../../parts/Plot";
import { lazy } from "../../app/lazy";
import type { ViewProps } from "../registry";
import { Guinier } from "./Guinier";
import { lay, type Sheet } from "./sheets";
import "./curves.css";

const Angles = lazy(() => import("../angles/Angles"));

/** The number of a job, "011", of its name "PostProcess/job011". */
function numberOf(job: string): string {
  return /job(\d+)\/?$/.exec(job)?.[1] ?? "";
}

export default function CurvesView(props: ViewProps) {
  const number = numberOf(props.job);
  const withAngles = number !== "" && /(^|_)(model|optimiser|data)\.star$/.test(props.path);
  const shown = withAngles && query.value.get("show") === "angles" ? "angles" : "curves";
  return (
    <>
      {withAngles && (
        <div class="curves-choice">
          <div class="segments" role="group" aria-label="What is shown">
            <button type="button" aria-pressed={shown === "curves"} onClick={() => setQuery({ show: null })}>Curves</button>
            <button type="button" aria-pressed={shown === "angles"} onClick={() => setQuery({ show: "angles" })}>Angles</button>
          </div>
        </div>
      )}
      {shown === "angles" ? <Angles job={number} it={query.value.get("it") ? Number(query.value.get("it")) : undefined} /> : <Sheets {...props} />}
    </>
  );
}

function Sheets(props: ViewProps) {
  const number = numberOf(props.job);
  const it = query.value.get("it") ?? "";
  const path = props.path.endsWith(".star") && !it ? props.path : "";
  const asked = number || path ? `curves/${number || "-"}` : "";
  const { data, problem } = useResource<Schema<"CurvesPage">>(asked, { path, it }, number ? [`progress:${number}`, `job:${number}`] : []);
  if (problem && !data) return <Broken sentence={problem.message} />;
  if (!data) return <Loading what={`reading the curves of ${props.path}`} height={300} />;
  if (!data.sheets.length)
    return (
      <Empty title="No curves here" why="Neither a postprocess.star nor a model of a refinement lies beside this file.">
        {props.path && props.mode === "result" && <a class="button" href={to("view", { path: props.path })}>Open {props.path.split("/").at(-1)}</a>}
      </Empty>
    );
  return (
    <div class="curves">
      {data.iterations.length > 1 && <Iterations page={data} />}
      <div class="curves-sheets">
        {data.sheets.map((sheet) => (sheet.kind === "guinier" ? <Guinier key="guinier" sheet={sheet} path={data.file} /> : <SheetPlot key={sheet.kind} sheets={[{ name: "", sheet }]} />))}
      </div>
      <p class="quiet dense">Read from {data.file}{data.iteration === null ? "" : `, iteration ${data.iteration}`}.</p>
    </div>
  );
}

function Iterations(props: { page: Schema<"CurvesPage"> }) {
  const { iterations, iteration } = props.page;
  return (
    <label class="row dense second">
      Iteration
      <select class="field-box" value={iteration ?? ""} onChange={(event) => setQuery({ it: event.currentTarget.value || null })}>
        <option value="">{iteration === null ? "the end" : `newest (${iterations.at(-1)})`}</option>
        {iterations.map((one) => <option key={one} value={one}>{one}</option>)}
      </select>
    </label>
  );
}

/** One sheet as a card with its numbers and sentence; several: the same sheet of several jobs, one over the other. */
export function SheetPlot(props: { sheets: { name: string; sheet: Sheet }[]; height?: number; sync?: string }) {
  const laid = lay(props.sheets);
  const first = props.sheets[0]!.sheet;
  return (
    <section class="card curves-sheet" aria-label={laid.title} data-kind={first.kind}>
      <Plot title={laid.title} curves={laid.curves} x={laid.x} y={laid.y} right={laid.right} marks={laid.marks} crossings={laid.crossings}
        height={props.height ?? 280} sync={props.sync} mayLog={laid.y.kind === "log"} />
      {props.sheets.length === 1 && (first.figures ?? []).length > 0 && (
        <dl class="curves-figures">
          {(first.figures ?? []).map((one) => (
            <div key={one.name}>
              <dt>{one.name}</dt>
              <dd>{Number(one.value.toPrecision(3))}{one.unit ? ` ${one.unit}` : ""}</dd>
            </div>
          ))}
        </dl>
      )}
      {laid.sentence && <p class="second dense">{laid.sentence}</p>}
    </section>
  );
}
