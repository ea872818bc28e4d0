// What a job has made: a strip of outputs, the main one first, each drawn by the view of its kind; a view may break alone.
import type { ComponentType } from "preact";
import { useEffect, useErrorBoundary, useState } from "preact/hooks";
import { address, type Schema } from "../../api/client";
import { query, setQuery, to } from "../../app/place";
import { middle } from "../../app/words";
import { Icon } from "../../parts/Icon";
import { Broken, Empty, Loading } from "../../parts/messages";
import { TabPanel, Tabs } from "../../parts/Tabs";
import { VIEWS, type ViewProps } from "../../views/registry";
import { bytes } from "./jobActs";

type Job = Schema<"Job">;
type Output = Schema<"Output">;

/** The results that have a tab, and those without. */
export function shownOf(job: Job): { main: Output[]; others: Output[] } {
  return { main: job.outputs.filter((output) => output.main), others: job.outputs.filter((output) => !output.main) };
}

/** The word of a result in the address: its file's name. */
export function nodeOf(output: Output): string {
  return output.path.split("/").pop() ?? output.path;
}

export function Results({ job, node, onNode }: { job: Job; node: string; onNode: (node: string) => void }) {
  const { main, others } = shownOf(job);
  const chosen = main.find((output) => nodeOf(output) === node) ?? main[0];
  if (!chosen) return <NoResults job={job} />;
  const tabs = main.map((output) => ({ id: nodeOf(output), title: output.title, ...(output.exists ? {} : { count: "missing" }) }));
  return (
    <div class="results">
      <div class="results-bar">
        {main.length > 1 && <Tabs name="result" look="files" label="Results" tabs={tabs} value={nodeOf(chosen)} onChange={onNode} />}
        <span class="grow" />
        {job.iterations.length > 1 && !chosen.view.startsWith("classes") && chosen.path.includes("_it") && <IterationChoice job={job} />}
        <span class="results-file small quiet" title={`${chosen.path}${chosen.help ? `: ${chosen.help}` : ""}`}>
          <a href={to("view", { path: chosen.path })} class="mono">{middle(nodeOf(chosen), 34)}</a>{chosen.bytes != null && ` ${bytes(chosen.bytes)}`}
          {chosen.used_by.length > 0 && <> · used in {chosen.used_by.slice(0, 3).map((user, at) => <span key={user.number}>{at > 0 && ", "}<a href={to(`job/${user.number}`)}>{user.title}</a></span>)}</>}
        </span>
      </div>
      <TabPanel name="result" id={nodeOf(chosen)} class="results-panel">
        <ResultView key={chosen.view === "classes" ? "classes" : chosen.path} output={chosen} job={job} />
      </TabPanel>
      {others.length > 0 && (
        <p class="results-others small quiet">Also made: {others.slice(0, 8).map((output, at) => <span key={output.path}>{at > 0 && ", "}<a href={to("view", { path: output.path })} class="mono">{nodeOf(output)}</a>{!output.exists && " (not on disk)"}</span>)}</p>
      )}
    </div>
  );
}

function IterationChoice({ job }: { job: Job }) {
  const last = job.iterations[job.iterations.length - 1];
  return (
    <label class="row small">Iteration
      <select class="field-box results-it" value={String(job.iteration ?? "")} onChange={(event) => setQuery({ it: Number(event.currentTarget.value) === last ? null : event.currentTarget.value })}>
        {[...job.iterations].reverse().map((it) => <option key={it} value={String(it)}>{it}</option>)}
      </select>
    </label>
  );
}

function NoResults({ job }: { job: Job }) {
  if (job.state === "running") return <Empty title="No results yet" why={`They come when the job has something to show: ${job.sentence}.`}><a class="button" href={to(`job/${job.number}/progress`)}>Progress</a></Empty>;
  if (job.state === "failed" || job.state === "aborted") return <Empty title="No results" why="The job ended before it had made any."><a class="button" href={to(`job/${job.number}/log`)}>Log</a></Empty>;
  if (!job.folder) return <Empty title="No results" why={`The folder ${job.name} is not on disk.`} />;
  if (job.state === "finished") return <Empty title="No results are listed" why="The project's graph names no files that this job has made."><a class="button" href={to(`job/${job.number}/files`)}>Files</a></Empty>;
  return <Empty title="No results yet" why={`The job has not run: ${job.sentence}.`} />;
}

/** One result: missing, without a view yet, or drawn. */
function ResultView({ output, job }: { output: Output; job: Job }) {
  const [fault, reset] = useErrorBoundary();
  if (!output.exists) return <Empty title={`${nodeOf(output)} is not on disk`} why={`${whyMissing(job)} ${output.help}`}><a class="button" href={to(`job/${job.number}/files`)}>Files of this job</a></Empty>;
  if (fault) return <Broken sentence={`The view of ${nodeOf(output)} broke: ${String(fault)}`}><div class="row"><button type="button" class="button" onClick={reset}>Try again</button><FileLinks path={output.path} /></div></Broken>;
  const load = VIEWS[output.view];
  if (output.view === "picture" && output.path.endsWith(".pdf")) return <Plain output={output} why="A PDF opens in a tab of its own." open />;
  if (!load) return <Plain output={output} why="There is no picture of this kind of result yet." />;
  return <LoadedView load={load} output={output} job={job} />;
}

function whyMissing(job: Job): string {
  if (job.state === "scheduled" || job.state === "queued" || job.state === "needs_you") return "The job has not made it yet.";
  if (job.state === "running") return "The job is still at work on it.";
  return "It was cleaned, moved, or never copied with the project.";
}

function LoadedView({ load, output, job }: { load: () => Promise<{ default: ComponentType<ViewProps> }>; output: Output; job: Job }) {
  const [drawn, setDrawn] = useState<{ View: ComponentType<ViewProps> }>();
  const [fault, setFault] = useState("");
  useEffect(() => {
    let here = true;
    load().then((module) => here && setDrawn({ View: module.default }), (error: unknown) => here && setFault(`The view did not load: ${String(error)}. Reload the page.`));
    return () => void (here = false);
  }, [load]);
  if (fault) return <Broken sentence={fault} />;
  if (!drawn) return <Loading what={`reading ${bytes(output.bytes ?? 0)}`} height={320} />;
  return <drawn.View path={output.path} kind={output.kind} job={job.name} mode="result" />;
}

function Plain({ output, why, open = false }: { output: Output; why: string; open?: boolean }) {
  const size = output.bytes != null ? `, ${bytes(output.bytes)}` : "";
  return (
    <Empty title={`${output.title}: ${nodeOf(output)}${size}`} why={[output.help && `${output.help}.`, why].filter(Boolean).join(" ")}>
      <div class="row">
        {open && <a class="button likely" href={address("file/raw", { path: output.path })} target="_blank" rel="noopener noreferrer">Open {nodeOf(output)}</a>}
        <FileLinks path={output.path} />
      </div>
    </Empty>
  );
}

function FileLinks({ path }: { path: string }) {
  return (
    <>
      <a class="button" href={to("view", { path })}><Icon name="eye" />Show the file</a>
      <a class="button" href={address("file/raw", { path, download: true })} download><Icon name="download" />Save file</a>
    </>
  );
}

/** The iteration that the address asks for. */
export function askedIteration(): number | undefined {
  const said = query.value.get("it");
  return said && /^\d+$/.test(said) ? Number(said) : undefined;
}
