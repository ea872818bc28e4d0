// The phone's page: what needs you, what runs, the newest picture with its resolution and trend, free disk. Two acts: stop, continue.
import { useEffect, useState } from "preact/hooks";
import { act, address } from "../../api/client";
import { jobs, machine, mayAct, project, readJobs, readMachine, running, trouble, type JobRow } from "../../app/data";
import { readMarks } from "../../app/folds";
import { needsYou } from "../../app/groups";
import { pageOf, progressWords } from "../../app/JobItem";
import { to } from "../../app/place";
import { attempt, say } from "../../app/toasts";
import { size, span, when } from "../../app/words";
import { Glyph } from "../../parts/Glyph";
import { Icon } from "../../parts/Icon";
import "./glance.css";

const EVERY_MS = 30000;

function resolution(job: JobRow): number {
  const found = /^([\d.]+) Å$/.exec(job.key) ?? /([\d.]+) Å/.exec(job.progress?.note ?? "");
  return found ? Number(found[1]) : 0;
}

export default function Glance() {
  useEffect(() => {
    void readMachine();
    const timer = setInterval(() => document.hidden || (void readMachine(), void readJobs()), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const all = jobs.value;
  const now_s = Date.now() / 1000;
  const asks = (all ?? []).filter((job) => needsYou(job, readMarks.value, now_s));
  const trend = (all ?? []).filter((job) => job.state === "finished" && resolution(job)).slice(-6);
  const [without, setWithout] = useState<ReadonlySet<string>>(new Set());
  const made = [...(all ?? [])].reverse().find((job) => (job.state === "finished" || (job.state === "running" && (job.progress?.done ?? 0) >= 1)) && PICTURED.test(job.label) && !without.has(job.number));
  const disk = machine.value;
  return (
    <div class="glance">
      <header class="glance-head">
        <h1 class="cut">{project.value?.title ?? "Project"}</h1>
        {disk && <span class={`small ${disk.disk === "ok" ? "second" : disk.disk === "low" ? "state-ask" : "state-fail"}`}><Icon name="disk" size={13} /> {size(disk.disk_free_GB)} free</span>}
      </header>
      {trouble.value && !all && <p class="second">{trouble.value}</p>}
      {all && !all.length && <p class="second">No jobs yet.</p>}
      {asks.length > 0 && (
        <section aria-label="Needs you" class="glance-part">
          <h2>Needs you</h2>
          {asks.map((job) => <Ask key={job.number} job={job} />)}
        </section>
      )}
      {running.value.filter((job) => job.state === "running").length > 0 && (
        <section aria-label="Running" class="glance-part">
          <h2>Running</h2>
          {running.value.filter((job) => job.state === "running").map((job) => <Running key={job.number} job={job} />)}
        </section>
      )}
      {made && (
        <section aria-label="Newest result" class="glance-part">
          <h2>Newest result</h2>
          <a class="card glance-result" href={to(`job/${made.number}`)}>
            <img class="well" src={address(`jobs/${made.number}/thumb`, { size: 320, tag: made.state === "finished" ? made.ended.toFixed(0) : `i${Math.floor(made.progress?.done ?? 0)}` })} alt={`${made.title}: what it has made`} width="320" height="320" loading="lazy"
              onError={() => setWithout(new Set([...without, made.number]))} />
            <span class="row"><b class="grow cut">{made.title}</b><span class="key-number">{made.key}</span></span>
            <span class="small quiet">{made.type_title} · job{made.number} · {when(made.ended || made.started)}</span>
          </a>
        </section>
      )}
      {trend.length > 1 && <Trend jobs={trend} />}
      <p class="glance-foot small"><a href={to("", {})}>Whole window</a> works best from a width of 900 px.</p>
    </div>
  );
}

const PICTURED = /^relion\.(class2d|class3d|refine3d|initialmodel|postprocess|localres)/;

function Ask({ job }: { job: JobRow }) {
  const goOn = () => attempt(async () => {
    await act("POST", `jobs/${job.number}/continue`, { changed: job.remedy?.act === "continue" ? job.remedy.changed : {} });
    say(`job${job.number} goes on`);
    await readJobs();
  });
  return (
    <div class={`card glance-ask ${job.state}`}>
      <a class="row glance-title" href={pageOf(job)}><Glyph state={job.state} /><b class="grow cut">{job.title}</b><span class="small quiet">job{job.number}</span></a>
      <p class="second">{job.sentence || (job.state === "silent" ? `It has said ${job.flags[0] ?? "nothing for a while"}.` : progressWords(job)) || "It waits for your answer."}</p>
      {job.state === "failed" && mayAct.value && <button type="button" class="button glance-act" onClick={() => void goOn()}><Icon name="run" />{job.remedy?.act === "continue" ? job.remedy.title : "Continue"}</button>}
    </div>
  );
}

function Running({ job }: { job: JobRow }) {
  const share = job.progress?.total ? job.progress.done / job.progress.total : 0;
  const stop = () => attempt(async () => {
    await act("POST", `jobs/${job.number}/abort`, {});
    say(`job${job.number} was asked to stop; what is done stays`);
    await readJobs();
  });
  return (
    <div class="card glance-run">
      <a class="row glance-title" href={to(`job/${job.number}`)}><Glyph state={job.state} /><b class="grow cut">{job.title}</b><span class="small second">{job.progress?.left_s != null ? `${span(job.progress.left_s)} left` : "not known yet"}</span></a>
      <span class="bar" role="progressbar" aria-label={`${job.title}: ${progressWords(job)}`} aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100}><i style={{ width: `${share * 100}%` }} /></span>
      <span class="row"><span class="small quiet grow">{progressWords(job)}{job.progress?.note ? ` · ${job.progress.note}` : ""}</span>
        {mayAct.value && <button type="button" class="button small-button glance-act" onClick={() => void stop()}><Icon name="stop" />Stop</button>}</span>
    </div>
  );
}

/** Resolution of the last results, better upwards. */
function Trend({ jobs: found }: { jobs: JobRow[] }) {
  const values = found.map((job) => 1 / resolution(job));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const y = (value: number) => 52 - ((value - low) / (high - low || 1)) * 40;
  const x = (i: number) => 12 + (i / (found.length - 1)) * 276;
  const first = found[0]!;
  const last = found[found.length - 1]!;
  return (
    <section aria-label="Resolution so far" class="glance-part">
      <h2>Resolution so far</h2>
      <div class="card glance-trend">
        <svg viewBox="0 0 300 64" role="img" aria-label={`From ${first.key} to ${last.key} over ${found.length} results`}>
          <polyline points={values.map((value, i) => `${x(i)},${y(value)}`).join(" ")} />
          {values.map((value, i) => <circle key={i} cx={x(i)} cy={y(value)} r="3.5" />)}
        </svg>
        <span class="row small"><span class="grow second">{first.key}</span><b>{last.key}</b></span>
      </div>
    </section>
  );
}
