// How far a job is: what is done, left and set aside, its pace over time, a strip of its units, or the table of its iterations.
import { useResource, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { to } from "../../app/place";
import { whole } from "../../app/words";
import { Broken, Empty, Loading } from "../../parts/messages";
import { Plot, type Curve } from "../../parts/Plot";
import { Convergence } from "./Convergence";
import { UnitStrip } from "./UnitStrip";
import { continueJob } from "./jobActs";
import "./progress.css";

type Progress = Schema<"Progress">;

export function ProgressTab({ job }: { job: Schema<"Job"> }) {
  const found = useResource<Progress>(`jobs/${job.number}/progress`, {}, [`progress:${job.number}`, `job:${job.number}`]);
  const said = found.data;
  if (found.problem && !said) return <Broken sentence={found.problem.message} />;
  if (!said) return <Loading what="reading the records of the job" />;
  if (said.why_not) return <Empty title="Nothing to show of its progress" why={said.why_not}><a class="button" href={to(`job/${job.number}/log`)}>Log</a></Empty>;
  const loop = said.unit === "iterations";
  return (
    <div class="progress">
      <Summary job={job} said={said} loop={loop} />
      {said.aside.length > 0 && <Aside job={job} said={said} />}
      {!loop && said.units_total > 0 && <UnitStrip units={said.units} total={said.units_total} aside={said.aside} left={Math.max(0, said.total - said.units_total - said.aside.length)} />}
      {loop && said.iterations.length > 0 && <Convergence job={job} />}
      {said.series.length > 2 && <Pace said={said} loop={loop} />}
      {loop && said.iterations.length > 0 && <Iterations job={job} said={said} />}
    </div>
  );
}

function Summary({ job, said, loop }: { job: Schema<"Job">; said: Progress; loop: boolean }) {
  const unit = loop ? "iterations" : said.total === 1 ? "" : "units";
  const share = said.total ? said.done / said.total : 0;
  const left = job.state === "running" ? (said.left_s == null ? "time left not known yet" : `${spanWords(said.left_s)} left`) : "";
  return (
    <section class="card progress-sum" aria-label="How far">
      <p class="row">
        <span class="key-number">{said.total === 1 ? `${Math.round(share * 100)} %` : `${whole(said.done)} of ${whole(said.total)}`}</span> <span class="second">{unit} done</span>
        {said.aside.length > 0 && <span class="chip ask">{whole(said.aside.length)} set aside</span>}
        <span class="grow" />
        {left && <span class="second" title={said.pace}>{left}</span>}
        {job.state !== "running" && said.updated_s && <span class="quiet">{job.sentence}</span>}
      </p>
      <div class="bar" role="progressbar" aria-label="Done" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}><i class={job.state === "running" ? "" : "progress-done"} style={{ width: `${Math.min(100, share * 100)}%` }} /></div>
      {said.note && job.state === "running" && <p class="quiet small cut">{said.note}</p>}
    </section>
  );
}

/** Seconds as the page says a time left: never finer than a minute. */
export function spanWords(seconds: number): string {
  const minutes = seconds / 60;
  if (minutes < 1) return "less than a minute";
  if (minutes < 10) return `about ${Math.round(minutes)} min`;
  if (minutes < 90) return `about ${Math.round(minutes / 5) * 5} min`;
  return minutes < 2880 ? `about ${Number((minutes / 60).toFixed(1))} h` : `about ${Math.round(minutes / 1440)} days`;
}

function Aside({ job, said }: { job: Schema<"Job">; said: Progress }) {
  return (
    <section class="card progress-aside" aria-label="Set aside">
      <div class="row"><h2 class="grow">{whole(said.aside.length)} set aside</h2>
        {mayAct.value && job.may.run && job.state !== "running" && <button type="button" class="button small-button" title="Go on with the job: what is done stays" onClick={() => void continueJob(job.number)}>Try again</button>}
      </div>
      <ul>{said.aside.slice(0, 200).map((unit) => <li key={unit.key}><span class="mono">{unit.key}</span> <span class="second">{unit.reason}</span></li>)}</ul>
      {said.aside.length > 200 && <p class="quiet">and {whole(said.aside.length - 200)} more, in .vitreous/failed.star</p>}
    </section>
  );
}

/** What was done over time, from the beginning of the first run. */
function Pace({ said, loop }: { said: Progress; loop: boolean }) {
  const begin = said.series[0]!.time_s;
  const end = said.series[said.series.length - 1]!.time_s;
  const [unit, each] = end - begin > 7200 ? (["h", 3600] as const) : end - begin > 180 ? (["min", 60] as const) : (["s", 1] as const);
  const curve: Curve = { name: "done", x: said.series.map((point) => (point.time_s - begin) / each), y: said.series.map((point) => point.done) };
  return (
    <section class="card progress-plot" aria-label="Done over time">
      <h2 class="hidden-text">Over time</h2>
      <Plot title={loop ? "Iterations over time" : "Done over time"} curves={[curve]} x={{ name: "time", unit }} y={{ name: loop ? "iterations" : "units done", unit: "" }} height={180} />
    </section>
  );
}

const COLUMNS: { key: keyof Schema<"Iteration">; head: string; unit: string; digits: number; factor?: number }[] = [
  { key: "seconds", head: "Time", unit: "s", digits: 1 },
  { key: "resolution_A", head: "Resolution", unit: "Å", digits: 2 },
  { key: "changed_classes", head: "Changed class", unit: "%", digits: 1, factor: 100 },
  { key: "changed_angles_deg", head: "Change of angle", unit: "°", digits: 2 },
  { key: "changed_shifts_A", head: "Change of shift", unit: "Å", digits: 2 },
  { key: "accuracy_angles_deg", head: "Accuracy of angles", unit: "°", digits: 2 },
  { key: "step_deg", head: "Step", unit: "°", digits: 2 },
  { key: "shift_range_A", head: "Shift range", unit: "Å", digits: 1 },
  { key: "mean_pmax", head: "Mean Pmax", unit: "", digits: 2 },
  { key: "box_px", head: "Image size", unit: "px", digits: 0 },
];

function Iterations({ job, said }: { job: Schema<"Job">; said: Progress }) {
  const columns = COLUMNS.filter((column) => said.iterations.some((one) => one[column.key] != null));
  return (
    <section class="card progress-table" aria-label="Iterations">
      <table class="rows">
        <caption class="hidden-text">Iterations of this job that are on disk</caption>
        <thead><tr><th class="number" scope="col">Iteration</th>{columns.map((column) => <th key={column.key} class="number" scope="col">{column.head}{column.unit && ` (${column.unit})`}</th>)}</tr></thead>
        <tbody>
          {[...said.iterations].reverse().map((one) => (
            <tr key={one.iteration}>
              <th class="number" scope="row"><a href={to(`job/${job.number}/results`, { it: one.iteration })}>{one.iteration}</a></th>
              {columns.map((column) => {
                const value = one[column.key];
                return <td key={column.key} class="number">{typeof value === "number" ? (value * (column.factor ?? 1)).toFixed(column.digits) : <span class="quiet">–</span>}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
