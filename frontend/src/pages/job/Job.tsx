// One job: its head, and under it what it made, how it was told, how far it is, its log, files and history. Opens on what it made.
import { useEffect, useState } from "preact/hooks";
import type { ComponentType } from "preact";
import { useResource, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { markRead } from "../../app/folds";
import { useKeys, type Keys } from "../../app/keys";
import { lazy } from "../../app/lazy";
import type { PageProps } from "../../app/pages";
import { go, root, to } from "../../app/place";
import { Broken, Empty, Loading } from "../../parts/messages";
import { TabPanel, Tabs } from "../../parts/Tabs";
import { FilesTab } from "./FilesTab";
import { copyAsNew, JobHead } from "./JobHead";
import { beginDelete } from "./JobMenu";
import { LineageTab } from "./LineageTab";
import { Log } from "./Log";
import { DeleteDialog } from "./PlanDialogs";
import { ProgressTab } from "./Progress";
import { askedIteration, nodeOf, Results, shownOf } from "./Results";
import { markForComparison } from "./comparing";
import { going } from "./jobActs";
import "./job.css";

type Job = Schema<"Job">;

const TABS = [
  { id: "results", title: "Results" },
  { id: "params", title: "Parameters" },
  { id: "progress", title: "Progress" },
  { id: "log", title: "Log" },
  { id: "files", title: "Files" },
  { id: "lineage", title: "Lineage" },
];

const form = import.meta.glob<{ default: ComponentType<{ job: string }> }>("../form/Parameters.tsx");
const loadForm = Object.values(form)[0];
const Parameters = loadForm ? lazy(loadForm) : null;

/** The tab on which a job opens: what it made, if there is anything, else how far it is, or why it failed. */
function firstTab(job: Job): string {
  if (job.outputs.some((output) => output.main && output.exists)) return "results";
  return job.state === "failed" ? "log" : job.state === "scheduled" || job.state === "queued" ? "params" : "progress";
}

export default function JobPage({ params }: PageProps) {
  const word = params.n ?? "";
  const number = /^(?:(?:\w+\/)?job)?(\d{1,9})$/.exec(word)?.[1]?.padStart(3, "0") ?? word;
  const leaving = going.value === number;
  const found = useResource<Job>(leaving ? "" : `jobs/${encodeURIComponent(number)}`, { it: askedIteration() }, [`job:${number}`, `progress:${number}`]);
  const job = found.data;
  const stale = job && job.number !== number && /^\d+$/.test(number);
  useEffect(() => {
    if (!job || stale || job.number === word) return;
    history.replaceState(null, "", `${root.value}/job/${job.number}${params.tab ? `/${params.tab}` : ""}${location.search}`);
    dispatchEvent(new PopStateEvent("popstate"));
  }, [job?.number, word]);
  useEffect(() => {
    if (job?.state === "failed") markRead(`${job.number}@${job.ended}`);
  }, [job?.number, job?.state]);
  if (leaving) return <><h1 class="hidden-text">Job {word}</h1><Loading what={`moving job ${word} to the Trash`} height={320} /></>;
  if (found.problem && (!job || found.problem.status === 404))
    return <div class="job"><h1 class="hidden-text">Job {word}</h1><Broken sentence={found.problem.message}><div class="row"><a class="button" href={to("disk", { show: "trash" })}>Look into the Trash</a><a class="button" href={to("")}>Home</a></div></Broken></div>;
  if (!job || stale) return <><h1 class="hidden-text">Job {word}</h1><Loading what={`reading job ${word}`} height={320} /></>;
  return <Shown key={job.number} job={job} tab={params.tab ?? ""} node={params.node ?? ""} />;
}

function Shown({ job, tab, node }: { job: Job; tab: string; node: string }) {
  const [askedUse, askUse] = useState(0);
  const [askedName, askName] = useState(0);
  const [deleting, setDeleting] = useState(false);
  const [opened] = useState(() => firstTab(job));
  const shown = tab || opened;
  const { main } = shownOf(job);
  const result = main.find((output) => nodeOf(output) === node && output.exists) ?? main.find((output) => output.exists);
  const show = (id: string): void => go(to(`job/${job.number}/${id}`));
  const keys: Keys = {
    ...Object.fromEntries(TABS.map((one, at) => [String(at + 1), { title: one.title, run: () => show(one.id) }])),
    x: { title: "Mark for comparison; the second compares", run: () => markForComparison(job.number) },
  };
  if (mayAct.value) {
    if (job.type) keys.c = { title: "Copy as new", run: () => copyAsNew(job) };
    if (result) keys.u = { title: "Use the result in…", run: () => askUse((n) => n + 1) };
    if (job.may.delete) keys.Delete = { title: "Move to the Trash", run: () => void beginDelete(job, () => setDeleting(true)) };
  }
  useKeys(keys, "This job");
  const tabs = TABS.map((one, at) => ({ ...one, hint: `Key ${at + 1}`, ...countOf(job, one.id) }));
  return (
    <article class="job">
      <JobHead job={job} result={result} askedUse={askedUse} askedName={askedName} onName={() => askName((n) => n + 1)} />
      <Tabs name="job" label="Parts of this job" tabs={tabs} value={shown} onChange={show} />
      <TabPanel name="job" id={shown} class="job-panel">
        {shown === "results" && <Results job={job} node={node} onNode={(one) => go(to(`job/${job.number}/results/${encodeURIComponent(one)}`))} />}
        {shown === "params" && (Parameters ? <Parameters job={job.number} /> : <Empty title="The form is not part of this build" />)}
        {shown === "progress" && <ProgressTab job={job} />}
        {shown === "log" && <Log job={job.number} folder={job.folder} />}
        {shown === "files" && <FilesTab job={job} />}
        {shown === "lineage" && <LineageTab job={job} />}
      </TabPanel>
      {job.note && <Note text={job.note} />}
      {deleting && <DeleteDialog number={job.number} title={job.title} onClose={() => setDeleting(false)} />}
    </article>
  );
}

function countOf(job: Job, id: string): { count?: string; tone?: "fault" | "ask" } {
  if (id === "log" && job.state === "failed") return { count: "!", tone: "fault" };
  const aside = job.flags.find((flag) => flag.includes("set aside"));
  return id === "progress" && aside ? { count: aside.split(" ")[0]!, tone: "ask" } : {};
}

/** The note at the foot: the part that people wrote first; the commands of RELION's kind are folded away. */
function Note({ text }: { text: string }) {
  const lines = text.split("\n");
  const own: string[] = [];
  let inside = false;
  for (const line of lines) {
    if (line.startsWith(" ++++ Executing")) inside = true;
    else if (inside && line.trim() === "++++") inside = false;
    else if (!inside && line.trim()) own.push(line);
  }
  return (
    <details class="job-note" open={false}>
      <summary>{own.length ? <span class="cut">Note: {own[own.length - 1]}</span> : "Note"}</summary>
      <pre class="mono" tabIndex={0}>{text.trim()}</pre>
    </details>
  );
}
