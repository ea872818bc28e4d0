// The pipeline in three views: stages, the tree of one job, a table. The server says where nodes stand; this draws what is in sight.
import { useEffect, useMemo, useState } from "preact/hooks";
import { useResource } from "../../api/client";
import { jobs } from "../../app/data";
import { presentJob } from "../../app/folds";
import { useKeys } from "../../app/keys";
import { query, setQuery } from "../../app/place";
import { Broken, Empty, Loading } from "../../parts/messages";
import { Icon } from "../../parts/Icon";
import { Canvas } from "./Canvas";
import { JobTable } from "./JobTable";
import type { GraphPage } from "./layout";

const VIEWS = [["stages", "Stages"], ["tree", "Tree"], ["table", "Table"]] as const;

export function Pipeline() {
  const view = query.value.get("view") ?? "stages";
  const fold = query.value.get("fold") === "finished";
  const [fit, setFit] = useState(false);
  const newest = jobs.value?.[jobs.value.length - 1]?.number ?? "";
  const focus = view === "tree" ? (query.value.get("focus") ?? (presentJob.value || newest)) : "";
  const wanted = view === "table" || (view === "tree" && !focus) ? "" : "graph";
  const graph = useResource<GraphPage>(wanted, view === "tree" ? { focus } : { fold: fold || null }, ["jobs"]);
  const page = useLive(graph.data);
  useKeys({ f: { title: "Fit the pipeline into its box", run: () => setFit(!fit) } }, "Pipeline");
  return (
    <section class="card home-pipeline" aria-label="Pipeline">
      <div class="home-card-head">
        <h2 class="grow">Pipeline{view === "tree" && focus && <span class="quiet home-focus"> of job{focus}</span>}</h2>
        <div class="segments" role="group" aria-label="View of the pipeline">
          {VIEWS.map(([word, title]) => <button key={word} type="button" aria-pressed={view === word} onClick={() => setQuery({ view: word === "stages" ? null : word, focus: null })}>{title}</button>)}
        </div>
        {view === "stages" && <button type="button" class="button bare home-fold" aria-pressed={fold} onClick={() => setQuery({ fold: fold ? null : "finished" })}>{fold ? "Unfold" : "Fold finished"}</button>}
        {view !== "table" && <button type="button" class="button bare icon-only" aria-pressed={fit} aria-label="Fit into the box (F)" title="Fit into the box (F)" onClick={() => setFit(!fit)}><Icon name="fit" /></button>}
      </div>
      {view === "table" ? <JobTable />
        : graph.problem && !page ? <Broken sentence={graph.problem.message}><button type="button" class="button" onClick={() => setQuery({ view: null, focus: null })}>Show stages</button></Broken>
        : !page ? (wanted ? <Loading what="Laying out the pipeline" height={300} /> : <Empty title="No job to show the tree of" why="Open a job; its ancestors and descendants stand here." />)
        : !page.nodes.length ? <Empty title="No jobs yet" why="Each job gets its place here, in the column of what it makes." />
        : <Canvas page={page} tree={view === "tree"} fit={fit} />}
    </section>
  );
}

/** The picture with states and progress as the job list has them now: nothing moves, bars grow. */
function useLive(page: GraphPage | undefined): GraphPage | undefined {
  const [now, setNow] = useState(0);
  const all = jobs.value;
  useEffect(() => setNow((n) => n + 1), [all]);
  return useMemo(() => {
    if (!page || !all) return page;
    const by = new Map(all.map((job) => [job.number, job]));
    const nodes = page.nodes.map((node) => {
      const job = by.get(node.job);
      if (!job || node.members?.length) return node;
      const share = job.state === "running" && job.progress?.total ? Math.min(1, job.progress.done / job.progress.total) : null;
      return job.state === node.state && share === node.share && job.key === node.key && job.title === node.title ? node : { ...node, state: job.state, share, key: job.key, title: job.title };
    });
    return { ...page, nodes };
  }, [page, now]);
}
