// The machine at a glance: each GPU, processors, memory, the project's disk; sampled only while somebody looks.
import { useEffect } from "preact/hooks";
import { jobs, machine, mayAct, readMachine, running } from "../../app/data";
import { to } from "../../app/place";
import { percent, size } from "../../app/words";

const EVERY_MS = 5000;
const MOST_GPUS = 4;

export function Tiles() {
  useEffect(() => {
    void readMachine();
    const timer = setInterval(() => document.hidden || void readMachine(), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const now = machine.value;
  if (!now) return <div class="home-tiles" aria-busy="true">{[0, 1, 2, 3].map((i) => <div key={i} class="card home-tile"><div class="block" style={{ height: 50 }} /></div>)}</div>;
  const queued = (jobs.value ?? []).filter((job) => job.state === "queued").length;
  const waiting = (jobs.value ?? []).filter((job) => job.state === "scheduled").length;
  const gpus = now.gpus.slice(0, MOST_GPUS);
  return (
    <div class="home-tiles" role="group" aria-label="This machine">
      {gpus.map((gpu) => (
        <Tile key={gpu.index} title={`GPU ${gpu.index} · ${gpu.name.replace(/^NVIDIA /, "")}`} value={percent(gpu.load)} curve={gpu.before} more={`${gpu.used_GB.toFixed(1)} of ${Math.round(gpu.total_GB)} GB · ${Math.round(gpu.temperature_C)} °C`} />
      ))}
      {!gpus.length && <Tile title="Jobs" value={String(running.value.length)} unit="running" more={[queued && `${queued} queued`, waiting && `${waiting} scheduled`].filter(Boolean).join(" · ") || "none waits"} />}
      {gpus.length > 2 ? <Tile title="CPU and memory" value={percent(now.cpu)} curve={now.cpu_before} more={`${Math.round(now.memory_used_GB)} of ${Math.round(now.memory_total_GB)} GB`} /> : (
        <>
          <Tile title="CPU" value={percent(now.cpu)} curve={now.cpu_before} more={now.gpus.length ? `${Math.round(now.memory_used_GB)} of ${Math.round(now.memory_total_GB)} GB of memory` : "of this machine"} />
          {!gpus.length && <Tile title="Memory" value={size(now.memory_used_GB)} unit={`of ${size(now.memory_total_GB)}`} share={now.memory_used_GB / now.memory_total_GB} more={`${size(now.memory_total_GB - now.memory_used_GB)} free`} />}
        </>
      )}
      <div class={`card home-tile ${now.disk}`}>
        <h2>Disk</h2>
        <div class="row"><b class="key-number">{size(now.disk_free_GB).split(" ")[0]} <small>{size(now.disk_free_GB).split(" ")[1]} free</small></b><span class="grow" /><a class="home-clean" href={to("disk")}>{mayAct.value ? "Clean…" : "Sizes"}</a></div>
        <span class="small quiet">of {size(now.disk_total_GB)}{now.disk === "low" ? " · getting full" : now.disk === "full" ? " · nearly full" : ""}</span>
        <span class="home-stack" aria-hidden="true"><i style={{ width: percent(1 - now.disk_free_GB / now.disk_total_GB) }} /></span>
      </div>
    </div>
  );
}

function Tile(props: { title: string; value: string; unit?: string; more: string; curve?: number[]; share?: number }) {
  return (
    <div class="card home-tile">
      <h2 class="cut">{props.title}</h2>
      <div class="row"><b class="key-number">{props.value}{props.unit && <small> {props.unit}</small>}</b>{props.curve && props.curve.length > 1 && <Curve values={props.curve} />}</div>
      <span class="small quiet cut">{props.more}</span>
      {props.share !== undefined && <span class="home-stack" aria-hidden="true"><i style={{ width: percent(props.share) }} /></span>}
    </div>
  );
}

/** The last minutes as a small curve, newest at the right. */
function Curve({ values }: { values: number[] }) {
  const step = 100 / 59;
  const points = values.map((value, i) => `${(100 - (values.length - 1 - i) * step).toFixed(1)},${(20 - value * 18).toFixed(1)}`);
  const first = points[0]!.split(",")[0];
  return (
    <svg class="home-curve" viewBox="0 0 100 22" preserveAspectRatio="none" aria-hidden="true">
      <polygon points={`${first},22 ${points.join(" ")} 100,22`} />
      <polyline points={points.join(" ")} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
