// What a clean or a deletion would take, before it is done: sizes, files, and the jobs that would lose an input.
import { useEffect, useState } from "preact/hooks";
import { get, useResource, type Schema } from "../../api/client";
import { to } from "../../app/place";
import { whole } from "../../app/words";
import { Dialog } from "../../parts/Dialog";
import { bytes, cleanJobs, deleteJob } from "./jobActs";

/** The plan of a clean of some jobs, or of all. */
export function CleanDialog(props: { how: "gently" | "harshly"; jobs: string[]; onClose: () => void; onDone?: () => void }) {
  const plan = useResource<Schema<"CleanPlan">>("clean", { how: props.how, job: props.jobs });
  const [busy, setBusy] = useState(false);
  const said = plan.data;
  async function clean(): Promise<void> {
    setBusy(true);
    const done = await cleanJobs(props.how, props.jobs);
    setBusy(false);
    if (!done) return;
    props.onDone?.();
    props.onClose();
  }
  const lost = said?.jobs.flatMap((job) => job.lost_inputs) ?? [];
  return (
    <Dialog title={`Clean ${props.how}`} onClose={props.onClose} foot={<>
      <button type="button" class="button" onClick={props.onClose}>Leave</button>
      <button type="button" class="button likely" disabled={!said?.bytes || busy} onClick={() => void clean()}>Move {said ? bytes(said.bytes) : ""} to the Trash</button>
    </>}>
      {plan.problem && <p role="alert">{plan.problem.message}</p>}
      {said && <p>{whole(said.files)} files, {bytes(said.bytes)}, of {said.jobs.length} {said.jobs.length === 1 ? "job" : "jobs"}. They stay in the Trash until it is emptied.</p>}
      {lost.length > 0 && <div class="job-loss"><h3>These stay, but their images go, so that they can no longer be an input</h3><ul class="mono">{lost.map((path) => <li key={path}>{path}</li>)}</ul></div>}
      {said?.jobs.map((job) => (
        <details key={job.job.number}>
          <summary>job{job.job.number} {job.job.title}: {bytes(job.bytes)}, {whole(job.files)} files</summary>
          <ul class="mono job-going">{job.going.map((path) => <li key={path}>{path}</li>)}</ul>
        </details>
      ))}
      {said && Object.entries(said.why_not).map(([name, why]) => <p key={name} class="second">{why.includes(name) ? why : `${name}: ${why}`}</p>)}
    </Dialog>
  );
}

/** A deletion by which other jobs lose an input. */
export function DeleteDialog(props: { number: string; title: string; onClose: () => void }) {
  const [descendants, setDescendants] = useState(false);
  const [plan, setPlan] = useState<Schema<"DeletePlan">>();
  useEffect(() => {
    const stop = new AbortController();
    get<Schema<"DeletePlan">>(`jobs/${props.number}/deletion`, { descendants }, stop.signal).then(setPlan, () => undefined);
    return () => stop.abort();
  }, [descendants]);
  return (
    <Dialog title={`Delete ${props.title}`} onClose={props.onClose} foot={<>
      <button type="button" class="button" onClick={props.onClose}>Leave</button>
      <button type="button" class="button likely" disabled={!plan} onClick={() => void deleteJob(props.number, descendants).then((done) => done && props.onClose())}>
        Move {plan ? `${plan.jobs.length === 1 ? "1 job" : `${plan.jobs.length} jobs`}, ${bytes(plan.bytes)},` : ""} to the Trash
      </button>
    </>}>
      {plan && plan.losing.length > 0 && (
        <div class="job-loss">
          <h3>These jobs would lose an input</h3>
          <ul>{plan.losing.map((one) => <li key={`${one.job.number} ${one.path}`}><a href={to(`job/${one.job.number}`)}>{one.job.title}</a> <span class="quiet">job{one.job.number}</span> <span class="mono">{one.path}</span></li>)}</ul>
        </div>
      )}
      <label class="row"><input type="checkbox" checked={descendants} onChange={(event) => setDescendants(event.currentTarget.checked)} />With all jobs that go back to it</label>
      {descendants && plan && <p class="second">{plan.jobs.map((job) => `job${job.number} ${job.title}`).join(", ")}</p>}
      <p class="quiet">It can be put back from the Trash with its name, files and links to other jobs.</p>
    </Dialog>
  );
}
