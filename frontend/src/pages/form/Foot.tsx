// The foot of a form: Run, Schedule and the rest, what stands in the way, and at their right what the job will take.
import { useState } from "preact/hooks";
import { act, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { useKeys } from "../../app/keys";
import { go, to } from "../../app/place";
import { say, sayError } from "../../app/toasts";
import { Icon } from "../../parts/Icon";
import { Menu } from "../../parts/Menu";
import { CommandDialog } from "./CommandDialog";
import { keepDraft } from "./draft";
import { told } from "./Fields";
import type { Filling } from "./filling";
import { linkOf } from "./link";
import { Prediction } from "./Prediction";
import { ScriptDialog } from "./ScriptDialog";
import { SaveTemplate } from "./SaveTemplate";

interface Props {
  filling: Filling;
  goTo: (field: string) => void;
}

export type Open = "" | "command" | "script" | "template";

export function Foot({ filling, goTo }: Props) {
  const { form, check } = filling;
  const [open, setOpen] = useState<Open>("");
  const [script, setScript] = useState("");
  const [busy, setBusy] = useState(false);
  const [sure, setSure] = useState(false);
  const stop = standsInTheWay(filling);
  const jobs = check?.jobs ?? 1;
  const tooMuch = filling.prediction?.verdict === "will not fit";
  const ask = Boolean(check?.question);
  const send = async (start: boolean, follow = false) => {
    if (busy) return;
    filling.leave();
    if (stop) {
      filling.setTried(true);
      if (stop.field) goTo(stop.field);
      return;
    }
    if (start && tooMuch && !sure) return setSure(true);
    setBusy(true);
    try {
      const made = await act<Schema<"AddedJobs">>("POST", "jobs", { type: form.type, values: filling.values, alias: filling.alias, start, follow, script });
      keepDraft(form.type, {});
      const fault = made.jobs.find((one) => one.fault)?.fault;
      if (fault) sayError(fault);
      if (made.jobs.length > 1) say(`${made.jobs.length} jobs were added, ${made.jobs[0]?.name} to ${made.jobs[made.jobs.length - 1]?.name}; they run one after another`);
      else if (!start && !made.question) say(`${made.name} is scheduled`, { undo: made.undo ?? null });
      go(made.question ? to(`job/${made.number}/answer`) : made.jobs.length > 1 ? compared(made.jobs) : to(`job/${made.number}`));
    } catch (error) {
      sayError(error);
    } finally {
      setBusy(false);
    }
  };
  useKeys({ "Ctrl+Enter": { title: "Run", run: () => void send(true), inFields: true } });
  const run = ask ? "Add, and answer" : jobs > 1 ? `Run all ${jobs} jobs` : sure && tooMuch ? "Run all the same" : "Run";
  const waiting = filling.warnings.size > 0 && [...filling.warnings.values()].some((text) => text.includes("not there yet"));
  return (
    <footer class="form-foot">
      <div class="form-acts">
        <button type="button" class="button likely" disabled={busy || !mayAct.value} aria-describedby={stop ? "form-stop" : undefined} title={mayAct.value ? undefined : "this window may only look"} onClick={() => void send(true)}>
          {busy ? "Sending…" : run} <kbd class="form-kbd">Ctrl ↵</kbd>
        </button>
        <button type="button" class="button" disabled={busy || !mayAct.value} onClick={() => void send(false)}>Schedule</button>
        <Menu title="More" icon="more" iconOnly align="left" acts={[
          { title: "Print command", icon: "command", run: () => setOpen("command"), ...(check?.command ? {} : { why: "the form is not ready" }) },
          { title: "Script for the queue", icon: "edit", run: () => setOpen("script"), ...(check?.script ? {} : { why: "it is not sent to a queue" }) },
          { title: "Run when each input grows", icon: "live", run: () => void send(true, true), ...(form.may_follow ? {} : { why: "this type takes its input whole" }) },
          { title: "Save as template", icon: "template", run: () => setOpen("template"), ...(check?.command ? {} : { why: "the form is not ready" }) },
          { title: "Copy a link to this form", icon: "link", run: () => void navigator.clipboard.writeText(location.origin + linkOf(filling)).then(() => say("The link holds the whole form")) },
        ]} />
        {script && <span class="chip">script edited <button type="button" class="form-unscript" aria-label="Take back the edited script" onClick={() => setScript("")}>×</button></span>}
      </div>
      <Prediction filling={filling} />
      <p id="form-stop" class="form-stop" role="status">
        {stop ? <><Icon name="info" /> <button type="button" class="form-stop-link" onClick={() => { filling.setTried(true); if (stop.field) goTo(stop.field); }}>{stop.words}</button></>
          : sure && tooMuch ? "It will not fit as it stands; a second press runs it all the same."
          : waiting ? "An input is not there yet: the job starts by itself when it is." : ""}
      </p>
      {open === "command" && check?.command && <CommandDialog command={check.command} many={jobs} onClose={() => setOpen("")} />}
      {open === "script" && <ScriptDialog script={script || (check?.script ?? "")} submit={check?.submit ?? ""} edited={Boolean(script)} onClose={() => setOpen("")} onTake={(text) => { setScript(text === check?.script ? "" : text); setOpen(""); }} />}
      {open === "template" && <SaveTemplate filling={filling} onClose={() => setOpen("")} />}
    </footer>
  );
}

/** The jobs of a scan side by side; the page of comparison shows the first six. */
function compared(made: { number: string }[]): string {
  return to("compare", Object.fromEntries(made.slice(0, 6).map((one, index) => ["abcdef"[index] ?? "", one.number])));
}

/** The first reason why a form cannot run, in words that name the setting; null when nothing stands in the way. */
export function standsInTheWay(filling: Filling): { field: string; words: string } | null {
  if (filling.problem) return { field: "", words: filling.problem };
  const all = filling.check?.errors ?? [];
  const first = all.find((said) => told(filling, said.field)) ?? all[0];
  if (!first) return null;
  const label = filling.fields.get(first.field)?.label;
  const more = all.length > 1 ? `, and ${all.length - 1} more` : "";
  return { field: first.field, words: `${label ? `${label}: ` : ""}${first.sentence}${more}` };
}
