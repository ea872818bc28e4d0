// One job in a list: state, title, key number, type and number, how far it is; a failure with its sentence and what to do.
import { act } from "../api/client";
import { Glyph } from "../parts/Glyph";
import { Menu } from "../parts/Menu";
import { mayAct, readJobs, type JobRow } from "./data";
import { markRead, presentJob } from "./folds";
import { markOf } from "./groups";
import { to } from "./place";
import { attempt, say } from "./toasts";
import { span, when, whole } from "./words";

/** What stands at the right of a row: time left, else the key number. */
function rightOf(job: JobRow): string {
  if (job.state === "running" && job.progress?.left_s != null) return `${span(job.progress.left_s)} left`;
  if (job.state === "running" && !job.progress) return "not known yet";
  return job.key;
}

/** "iteration 17 of 25", "1,239 of 1,966 micrographs". */
export function progressWords(job: JobRow): string {
  const said = job.progress;
  if (!said) return "";
  const round = ["iterations", "rounds", "epochs"].includes(said.unit);
  return round ? `${said.unit.slice(0, -1)} ${whole(said.done)} of ${whole(said.total)}` : `${whole(said.done)} of ${whole(said.total)} ${said.unit}`;
}

function lastWords(job: JobRow): string {
  switch (job.state) {
    case "running": return progressWords(job) || "started";
    case "silent": return job.flags.find((flag) => flag.startsWith("no word")) ?? "no word";
    case "needs_you": return progressWords(job) || "waits for your answer";
    case "failed": return `failed ${when(job.ended)}`.trim();
    case "aborted": return `aborted ${when(job.ended)}`.trim();
    case "finished": return when(job.ended);
    default: return job.state;
  }
}

/** The page that a job in a list opens: its question, else itself. */
export function pageOf(job: JobRow): string {
  return to(`job/${job.number}${job.state === "needs_you" ? "/answer" : ""}`);
}

export function JobItem(props: { job: JobRow; focusable: boolean; failure?: boolean }) {
  const { job } = props;
  const share = job.state === "running" && job.progress?.total ? job.progress.done / job.progress.total : undefined;
  const flags = job.flags.filter((flag) => !flag.startsWith("no word"));
  const row = (
    <a class="frame-job" href={pageOf(job)} tabIndex={props.focusable ? 0 : -1} data-job={job.number} aria-current={presentJob.value === job.number ? "page" : undefined}
      onClick={() => markRead(markOf(job))}>
      <Glyph state={job.state} />
      <span class={`frame-job-title cut${job.state === "aborted" ? " struck" : ""}`} title={job.title}>{job.title}</span>
      <span class="frame-job-key">{rightOf(job)}</span>
      <span class="frame-job-more cut">{[job.alias ? job.type_title : "", `job${job.number}`, lastWords(job), ...flags].filter(Boolean).join(" · ")}</span>
      {share !== undefined && (
        <span class="bar" role="progressbar" aria-label={`${job.title}: ${progressWords(job)}`} aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100}><i style={{ width: `${share * 100}%` }} /></span>
      )}
    </a>
  );
  if (!props.failure) return row;
  return <div class={`frame-ask card ${job.state}`}>{row}<Remedy job={job} /></div>;
}

/** Why it stopped, and what can be done about it, in place. */
function Remedy({ job }: { job: JobRow }) {
  if (job.state === "needs_you") return null;
  const remedy = job.remedy;
  const goOn = () => attempt(async () => {
    const said = await act<{ sentence?: string }>("POST", `jobs/${job.number}/continue`, { changed: remedy?.act === "continue" ? remedy.changed : {} });
    markRead(markOf(job));
    say(said.sentence ?? `job${job.number} goes on`, { link: { title: "Open", to: to(`job/${job.number}`) } });
    await readJobs();
  });
  const mark = (as: "finished" | "failed") => attempt(async () => {
    const said = await act<{ sentence: string; undo?: string | null }>("POST", `jobs/${job.number}/mark`, { as });
    say(said.sentence, { undo: said.undo ?? null });
    await readJobs();
  });
  return (
    <div class="frame-remedy">
      {job.sentence && <p>{job.sentence}</p>}
      <div class="row frame-remedy-acts">
        {job.state === "failed" && remedy?.act === "continue" && mayAct.value && <button type="button" class="button small-button" title={remedy.why} onClick={() => void goOn()}>{remedy.title}</button>}
        {job.state === "failed" && remedy?.act === "disk" && <a class="button small-button" href={to("disk")}>{remedy.title}</a>}
        {job.state === "failed" && remedy?.act === "log" && <a class="button small-button" href={to(`job/${job.number}/log`)}>{remedy.title}</a>}
        {job.state === "silent" && <a class="button small-button" href={to(`job/${job.number}/log`)}>Look at the log</a>}
        {job.state === "silent" && mayAct.value && (
          <Menu title="Mark as" kind="button small-button bare" acts={[{ title: "Finished", run: () => void mark("finished") }, { title: "Failed", run: () => void mark("failed") }]} />
        )}
        <a class="button small-button bare" href={to(`job/${job.number}`)} onClick={() => markRead(markOf(job))}>Details</a>
        {job.state === "failed" && <button type="button" class="button small-button bare" onClick={() => markRead(markOf(job))}>Dismiss</button>}
      </div>
    </div>
  );
}
