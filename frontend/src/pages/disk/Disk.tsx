// Where the disk has gone: free space, a map and a table of the jobs by size, what cleans would free, and the Trash.
import { useEffect, useMemo, useState } from "preact/hooks";
import { get, useResource, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { query, setQuery, to } from "../../app/place";
import { when, whole } from "../../app/words";
import { Glyph } from "../../parts/Glyph";
import { Icon } from "../../parts/Icon";
import { Broken, Empty, Loading } from "../../parts/messages";
import { bytes, cleanJobs } from "../job/jobActs";
import { CleanDialog } from "../job/PlanDialogs";
import { spanWords } from "../job/Progress";
import { SizeMap } from "./SizeMap";
import { Trash } from "./Trash";
import "./disk.css";

type Disk = Schema<"Disk">;
type DiskJob = Schema<"DiskJob">;
type Order = "bytes" | "gentle" | "harsh" | "number";

export default function DiskPage() {
  const disk = useResource<Disk>("disk", {}, ["jobs", "trash"]);
  const [ticked, setTicked] = useState<ReadonlySet<string>>();
  const [asking, setAsking] = useState<"harshly" | "">("");
  const asked = query.value.get("clean");
  const said = disk.data;
  useEffect(() => {
    if (!said?.counting) return;
    const timer = setInterval(disk.again, 1500);
    return () => clearInterval(timer);
  }, [said?.counting]);
  useEffect(() => {
    if (ticked || !said?.counted_at) return;
    const amount = asked === "harsh" ? "harsh" : "gentle";
    setTicked(new Set(said.jobs.filter((job) => (asked ? job[amount] > 0 && !(asked === "harsh" && job.protected) : job.proposed)).map((job) => job.job.number)));
    if (asked === "harsh") setAsking("harshly");
    if (asked) setQuery({ clean: null });
  }, [said?.counted_at]);
  if (disk.problem && !said) return <div class="disk"><h1>Disk</h1><Broken sentence={disk.problem.message} /></div>;
  if (!said) return <><h1 class="hidden-text">Disk</h1><Loading what="reading the sizes" height={240} /></>;
  const marks = ticked ?? new Set<string>();
  const chosen = said.jobs.filter((job) => marks.has(job.job.number));
  const sum = (what: "gentle" | "harsh"): number => chosen.reduce((all, job) => all + job[what], 0);
  const again = chosen.filter((job) => job.harsh > 0).reduce((all, job) => all + job.took_s, 0);
  const toggle = (number: string): void => {
    const next = new Set(marks);
    if (!next.delete(number)) next.add(number);
    setTicked(next);
  };
  return (
    <div class="disk">
      <header class="disk-head">
        <div><h1>Disk</h1><Counted disk={said} again={() => void get("disk", { anew: true }).then(disk.again)} /></div>
        <dl class="disk-sums">
          <div><dt>Project</dt><dd class="key-number">{said.counted_at ? bytes(said.project) : "–"}</dd></div>
          <div><dt>Trash</dt><dd class="key-number">{said.counted_at ? bytes(said.trash) : "–"}</dd></div>
          <div><dt>Free on this disk</dt><dd class={`key-number ${said.free < 2e10 || said.free / said.total < 0.02 ? "state-fail" : said.free < 2e11 && said.free / said.total < 0.1 ? "state-ask" : ""}`}>{bytes(said.free)}</dd></div>
        </dl>
      </header>
      {!said.counted_at ? <Loading what={`counting, ${said.done} of ${said.of} jobs`} height={200} /> : said.jobs.length === 0 ? <Empty title="No jobs yet" why="Their sizes stand here when there are some." /> : (
        <>
          <SizeMap jobs={said.jobs} ticked={marks} onTick={toggle} />
          <div class="disk-acts">
            <p aria-live="polite" class="grow"><b>{whole(chosen.length)}</b> {chosen.length === 1 ? "job" : "jobs"} ticked. Cleaned gently they free <b>{bytes(sum("gentle"))}</b>, harshly <b>{bytes(sum("harsh"))}</b>{again > 60 ? `; what goes harshly took ${spanWords(again)} to make` : ""}.</p>
            {mayAct.value && <>
              <button type="button" class="button likely" disabled={!sum("gentle")} onClick={() => void cleanJobs("gently", chosen.filter((job) => job.gentle > 0).map((job) => job.job.number)).then(disk.again)}><Icon name="clean" />Clean gently</button>
              <button type="button" class="button" disabled={!sum("harsh")} onClick={() => setAsking("harshly")}>Harshly…</button>
            </>}
          </div>
          <Jobs jobs={said.jobs} ticked={marks} onTick={toggle} onAll={(numbers) => setTicked(new Set(numbers))} />
        </>
      )}
      <Trash onChange={disk.again} />
      {asking && <CleanDialog how="harshly" jobs={chosen.filter((job) => job.harsh > 0 && !job.protected).map((job) => job.job.number)} onClose={() => setAsking("")} onDone={disk.again} />}
    </div>
  );
}

function Counted({ disk, again }: { disk: Disk; again: () => void }) {
  const words = disk.fault ? `The count did not end well: ${disk.fault}` : disk.counting ? `Counting, ${disk.done} of ${disk.of} jobs${disk.counted_at ? `; shown as of ${when(disk.counted_at)}` : ""}` : `Counted ${when(disk.counted_at)}`;
  return <p class="second row"><span aria-live="polite">{words}</span>{!disk.counting && <button type="button" class="button small-button bare" onClick={again}><Icon name="again" />Count again</button>}</p>;
}

function Jobs(props: { jobs: DiskJob[]; ticked: ReadonlySet<string>; onTick: (number: string) => void; onAll: (numbers: string[]) => void }) {
  const [order, setOrder] = useState<{ key: Order; down: boolean }>({ key: "bytes", down: true });
  const rows = useMemo(() => {
    const value = (job: DiskJob): number => (order.key === "number" ? Number(job.job.number) : job[order.key]);
    return [...props.jobs].sort((a, b) => (value(a) - value(b)) * (order.down ? -1 : 1));
  }, [props.jobs, order]);
  const most = Math.max(1, ...props.jobs.map((job) => job.bytes));
  const head = (key: Order, title: string, number = true) => (
    <th scope="col" class={number ? "number" : ""} aria-sort={order.key === key ? (order.down ? "descending" : "ascending") : undefined}>
      <button type="button" class="disk-order" onClick={() => setOrder({ key, down: order.key === key ? !order.down : true })}>{title}{order.key === key && <span aria-hidden="true">{order.down ? " ↓" : " ↑"}</span>}</button>
    </th>
  );
  const all = props.jobs.length > 0 && props.jobs.every((job) => props.ticked.has(job.job.number));
  return (
    <div class="card disk-table" tabIndex={0} role="region" aria-label="Jobs by size">
      <table class="rows">
        <thead><tr>
          <th scope="col"><input type="checkbox" aria-label="Tick all jobs" checked={all} onChange={() => props.onAll(all ? [] : props.jobs.map((job) => job.job.number))} /></th>
          {head("number", "Job", false)}<th scope="col">Type</th>{head("bytes", "Size")}<th scope="col" class="disk-bar"><span class="hidden-text">Share</span></th>{head("gentle", "Gentle frees")}{head("harsh", "Harsh frees")}<th scope="col">Last used by</th>
        </tr></thead>
        <tbody>
          {rows.map((job) => (
            <tr key={job.job.number} aria-selected={props.ticked.has(job.job.number)}>
              <td><input type="checkbox" aria-label={`Tick job${job.job.number}`} checked={props.ticked.has(job.job.number)} onChange={() => props.onTick(job.job.number)} /></td>
              <td><span class="row"><Glyph state={job.state} /><a href={to(`job/${job.job.number}`)} class="cut disk-name" title={job.job.title}>{job.job.title}</a><span class="quiet small">{job.job.number}</span></span></td>
              <td class="second">{job.job.name.split("/")[0]}{job.protected && <span class="chip disk-protected">protected</span>}</td>
              <td class="number">{bytes(job.bytes)}</td>
              <td class="disk-bar"><span class="bar" style={{ display: "block" }}><i class="disk-share" style={{ width: `${(job.bytes / most) * 100}%` }} /></span></td>
              <td class="number">{job.gentle ? bytes(job.gentle) : <span class="quiet">–</span>}</td>
              <td class="number">{job.harsh ? bytes(job.harsh) : <span class="quiet">–</span>}</td>
              <td>{job.used_by.length ? <a href={to(`job/${job.used_by[job.used_by.length - 1]!.number}`)}>{job.used_by[job.used_by.length - 1]!.title}</a> : <span class="quiet">nobody</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
