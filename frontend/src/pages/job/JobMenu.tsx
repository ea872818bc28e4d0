// All acts on a job by RELION's words, with the sizes that cleaning frees; what cannot be undone, or takes others along, asks first.
import { useState } from "preact/hooks";
import { address, get, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { to } from "../../app/place";
import { attempt, say, sayError } from "../../app/toasts";
import { Dialog } from "../../parts/Dialog";
import { Menu, type Act } from "../../parts/Menu";
import { CleanDialog, DeleteDialog } from "./PlanDialogs";
import { markForComparison, marked } from "./comparing";
import { bytes, cleanJobs, closeJob, continueJob, deleteJob, markJob, protectJob, stopJob } from "./jobActs";

type Job = Schema<"Job">;
type Asking = "harsh" | "delete" | "note" | "script" | "";

function acts(job: Job, ask: (what: Asking) => void, onName: () => void): Act[] {
  const look = mayAct.value ? "" : "this window may only look";
  const working = job.state === "running" || job.state === "silent";
  const size = job.sizes;
  const gently = size ? bytes(size.gentle) : "";
  const harshly = size ? bytes(size.harsh) : "";
  const unless = (may: boolean, why: string): { why?: string } => (look || !may ? { why: look || why } : {});
  return [
    { group: "Run", title: job.state === "scheduled" ? "Run" : "Continue", icon: "run", run: () => void continueJob(job.number), ...unless(job.may.run, job.may.why_not || "not in this state") },
    { title: "Stop", icon: "stop", run: () => void stopJob(job.number), ...unless(job.may.stop, "it is not at work") },
    { title: "Stop by force", icon: "stop", hint: "after 5 s", run: () => void stopJob(job.number, true), ...unless(working, "it is not at work") },
    { title: "End with what it has", icon: "check", run: () => void closeJob(job.number), ...unless(working, "it is not at work") },
    { title: "Mark as finished", icon: "check", run: () => void markJob(job.number, "finished"), ...unless(job.state !== "finished", "it has finished") },
    { title: "Mark as failed", icon: "warning", run: () => void markJob(job.number, "failed"), ...unless(job.state !== "failed", "it has failed") },
    { group: "Name and note", title: "Change the name", icon: "edit", run: onName, ...unless(true, "") },
    { title: "Add to the note", icon: "note", run: () => ask("note"), ...unless(job.folder, "its folder is not on disk") },
    { title: marked.value && marked.value !== job.number ? `Compare with job${marked.value}` : "Mark for comparison", icon: "compare", hint: "X", run: () => markForComparison(job.number) },
    { group: "Space", title: "Clean gently", icon: "clean", hint: gently, run: () => void cleanJobs("gently", [job.number]), ...unless(job.may.clean && size?.gentle !== 0, job.may.clean ? "nothing to clean" : "only what finished is cleaned") },
    { title: "Clean harshly…", icon: "clean", hint: harshly, run: () => ask("harsh"), ...unless(job.may.clean && !job.protected && size?.harsh !== 0, job.protected ? "it is protected" : job.may.clean ? "nothing to clean" : "only what finished is cleaned") },
    { title: job.protected ? "Take the protection away" : "Protect from harsh cleaning", icon: "shield", run: () => void protectJob(job.number, !job.protected), ...unless(job.folder, "its folder is not on disk") },
    { title: "Delete", icon: "trash", hint: size ? bytes(size.bytes) : "Del", run: () => void beginDelete(job, ask), ...unless(job.may.delete, "it is at work") },
    { group: "Keep and show", title: "Flow chart as SVG", icon: "graph", run: () => void save(job, "flowchart", "svg") },
    { title: "Flow chart as PDF", icon: "graph", run: () => void save(job, "flowchart", "pdf") },
    { title: "Settings as job.star", icon: "download", run: () => void save(job, "job.star") },
    { title: "Copy a report", icon: "copy", run: () => void copyReport(job) },
    { title: "Print command", icon: "command", run: () => ask("script") },
    { title: "Files of this job", icon: "folder", to: to("view", { path: job.name }) },
  ];
}

/** Delete at once what nobody uses; where others would lose an input, say which. */
export async function beginDelete(job: Schema<"JobRow">, ask: (what: "delete") => void): Promise<void> {
  const plan = await attempt(() => get<Schema<"DeletePlan">>(`jobs/${job.number}/deletion`));
  if (!plan) return;
  if (plan.losing.length) ask("delete");
  else await deleteJob(job.number);
}

/** Save what the server draws or keeps; a sentence where it cannot. */
async function save(job: Job, what: string, form = ""): Promise<void> {
  const from = address(`jobs/${job.number}/${what}`, form ? { form } : {});
  const answer = await fetch(from);
  if (!answer.ok) {
    const body: unknown = await answer.json().catch(() => null);
    return sayError(body && typeof body === "object" && "sentence" in body ? String(body.sentence) : `The server said ${answer.status}.`);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = `${job.name.replaceAll("/", "_")}_${form ? `${what}.${form}` : what}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  say(`${link.download} was saved`);
}

/** The report of a job to the clipboard; to a file where the browser does not let it. */
async function copyReport(job: Job): Promise<void> {
  const answer = await fetch(address(`jobs/${job.number}/report`));
  try {
    await navigator.clipboard.writeText(await answer.text());
    say("The report was copied: command, settings, releases and the ends of the logs");
  } catch {
    await save(job, "report");
  }
}

export function JobMenu({ job, onName }: { job: Job; result?: Schema<"Output"> | undefined; onName: () => void }) {
  const [asking, ask] = useState<Asking>("");
  const close = (): void => ask("");
  return (
    <>
      <Menu title="All acts on this job" icon="more" iconOnly kind="button icon-only" acts={acts(job, ask, onName)} />
      {asking === "harsh" && <CleanDialog how="harshly" jobs={[job.number]} onClose={close} />}
      {asking === "delete" && <DeleteDialog number={job.number} title={job.title} onClose={close} />}
      {asking === "note" && <NoteDialog number={job.number} onClose={close} />}
      {asking === "script" && <ScriptDialog job={job} onClose={close} />}
    </>
  );
}

function NoteDialog({ number, onClose }: { number: string; onClose: () => void }) {
  const [text, setText] = useState("");
  return (
    <Dialog title={`Add to the note of job${number}`} onClose={onClose} foot={<>
      <button type="button" class="button" onClick={onClose}>Leave</button>
      <button type="button" class="button likely" disabled={!text.trim()} onClick={() => void import("./jobActs").then(async ({ noteJob }) => (await noteJob(number, text)) && onClose())}>Add</button>
    </>}>
      <label class="column" style={{ gap: 4 }}>
        <span class="second">It is written under the time of day into note.txt, where RELION keeps it.</span>
        <textarea class="field-box job-note-text" rows={5} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
    </Dialog>
  );
}

function ScriptDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const [script, setScript] = useState<Schema<"Script">>();
  if (!script) void attempt(() => get<Schema<"Script">>(`jobs/${job.number}/script`)).then((said) => setScript(said ?? { text: "", why_not: "The server did not answer." }));
  return (
    <Dialog title={`Command of job${job.number}`} onClose={onClose}>
      {job.command && <><h3>As it ran last</h3><pre class="mono job-command" tabIndex={0}>{job.command}</pre></>}
      <h3>As it would be started now</h3>
      {script?.text ? <pre class="mono job-command" tabIndex={0}>{script.text}</pre> : <p class="second">{script?.why_not ?? "Asking…"}</p>}
    </Dialog>
  );
}
