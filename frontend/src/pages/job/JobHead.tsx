// The head of a job's page: state, name, what it stands on and comes from, the one likely act, and the menu of all others.
import { mayAct } from "../../app/data";
import { go, to } from "../../app/place";
import { Glyph, stateToken } from "../../parts/Glyph";
import { Icon } from "../../parts/Icon";
import type { Schema } from "../../api/client";
import { UseIn } from "../../parts/UseIn";
import { Alias } from "./Alias";
import { JobMenu } from "./JobMenu";
import { continueJob, doRemedy, stopJob } from "./jobActs";

type Job = Schema<"Job">;

interface JobHeadProps {
  job: Job;
  /** The result that "Use in..." takes. */
  result: Schema<"Output"> | undefined;
  askedUse: number;
  askedName: number;
  onName: () => void;
}

export function JobHead({ job, result, askedUse, askedName, onName }: JobHeadProps) {
  const share = job.progress?.total && (job.state === "running" || job.state === "silent") ? job.progress.done / job.progress.total : undefined;
  return (
    <header class="job-head">
      <div class="job-head-line">
        <Ring state={job.state} share={share} />
        <div class="grow job-head-words">
          <Alias key={job.number} number={job.number} alias={job.alias} title={job.title} struck={job.state === "aborted"} asked={askedName} />
          <p class="job-sub dense">
            <span>{job.type_title}</span><span>job{job.number}</span>
            {job.state !== "failed" && <span class={`strong state-${stateToken(job.state)}`} aria-live="polite">{job.sentence}</span>}
            {(job.state === "running" || job.state === "queued") && job.place && <span>{job.place}</span>}
            {job.flags.map((flag) => <span key={flag}>{flag}</span>)}
            <From inputs={job.inputs} />
          </p>
        </div>
        <div class="job-acts">
          <Likely job={job} result={result} askedUse={askedUse} />
          {mayAct.value && job.type && <button type="button" class="button" title="A new job with the same settings (C)" onClick={() => copyAsNew(job)}>Copy as new</button>}
          <JobMenu job={job} result={result} onName={onName} />
        </div>
      </div>
      {job.state === "failed" && <Failed job={job} />}
    </header>
  );
}

/** A fresh form with the settings of a job. */
export function copyAsNew(job: Job): void {
  if (job.type) go(to(`new/${job.type}`, { from: job.number }));
}

function Ring({ state, share }: { state: string; share: number | undefined }) {
  if (share === undefined) return <span class="job-glyph"><Glyph state={state} size={22} /></span>;
  const turn = 2 * Math.PI * 12;
  return (
    <svg class={`job-ring state-${stateToken(state)}`} viewBox="0 0 30 30" role="progressbar" aria-label="Done" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}>
      <circle cx="15" cy="15" r="12" fill="none" stroke="currentColor" stroke-opacity="0.22" stroke-width="4" />
      <circle cx="15" cy="15" r="12" fill="none" stroke="currentColor" stroke-width="4" stroke-dasharray={`${turn * share} ${turn}`} transform="rotate(-90 15 15)" stroke-linecap="round" />
    </svg>
  );
}

function From({ inputs }: { inputs: Schema<"Input">[] }) {
  const makers = new Map(inputs.flatMap((input) => (input.made_by ? [[input.made_by.number, input.made_by] as const] : [])));
  if (!makers.size) return null;
  return <span class="job-from">from {[...makers.values()].map((maker, at) => <span key={maker.number}>{at > 0 && ", "}<a href={to(`job/${maker.number}`)} title={maker.name}>{maker.title}</a></span>)}</span>;
}

/** The one act that is likely now. */
function Likely({ job, result, askedUse }: { job: Job; result: Schema<"Output"> | undefined; askedUse: number }) {
  if (job.state === "needs_you" && job.may.answer) return <a class="button likely" href={to(`job/${job.number}/answer`)}>Answer</a>;
  if ((job.state === "running" || job.state === "silent" || job.state === "queued") && job.may.stop)
    return <button type="button" class="button" onClick={() => void stopJob(job.number)}><Icon name="stop" />Stop</button>;
  if (job.state === "scheduled" && job.may.run) return <button type="button" class="button likely" onClick={() => void continueJob(job.number)}><Icon name="run" />Run</button>;
  if (job.state === "aborted" && job.may.run) return <button type="button" class="button likely" onClick={() => void continueJob(job.number)}><Icon name="run" />Continue</button>;
  if (job.state === "finished" && result && mayAct.value) return <UseIn path={result.path} kind={result.kind} job={job.number} asked={askedUse} likely />;
  return null;
}

/** Why it failed and what to do, above the tabs. */
function Failed({ job }: { job: Job }) {
  return (
    <div class="job-failed" role="status">
      <Icon name="warning" />
      <p class="grow">{job.sentence}</p>
      {job.remedies.filter((remedy) => mayAct.value || remedy.act !== "continue").map((remedy, at) => (
        <button key={remedy.title} type="button" class={`button small-button ${at === 0 && remedy.act === "continue" ? "likely" : ""}`} title={remedy.why} onClick={() => doRemedy(job.number, remedy)}>{remedy.title}</button>
      ))}
    </div>
  );
}
