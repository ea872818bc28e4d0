// Makes a template of jobs: those that are ticked, in order; what comes from outside them is left as blanks.
import { useState } from "preact/hooks";
import { act, type Schema } from "../../api/client";
import { jobs } from "../../app/data";
import { attempt, say } from "../../app/toasts";
import { Dialog } from "../../parts/Dialog";
import { Glyph } from "../../parts/Glyph";

export function FromJobs({ onClose, onMade }: { onClose: () => void; onMade: () => void }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<"project" | "user">("project");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const offered = (jobs.value ?? []).filter((job) => job.type);
  const toggle = (number: string) => {
    const next = new Set(chosen);
    if (!next.delete(number)) next.add(number);
    setChosen(next);
  };
  const save = () =>
    attempt(async () => {
      const row = await act<Schema<"TemplateRow">>("POST", "templates/from-jobs", { name, scope, jobs: [...chosen] });
      say(`The template “${row.name}” is saved`);
      onMade();
      onClose();
    });
  const why = !name.trim() ? "it needs a name" : !chosen.size ? "no job is ticked" : "";
  return (
    <Dialog title="New template from jobs" onClose={onClose} foot={
      <>
        <span class="quiet grow" role="status">{why || `${chosen.size} ${chosen.size === 1 ? "job" : "jobs"}`}</span>
        <button type="button" class="button" onClick={onClose}>Cancel</button>
        <button type="button" class="button likely" disabled={Boolean(why)} title={why || undefined} onClick={() => void save()}>Save</button>
      </>
    }>
      <label class="column templates-name"><span class="second">Name</span><input class="field-box" value={name} onInput={(event) => setName(event.currentTarget.value)} /></label>
      <label class="row"><input type="checkbox" checked={scope === "user"} onChange={(event) => setScope(event.currentTarget.checked ? "user" : "project")} /> for all my projects</label>
      <fieldset class="templates-jobs">
        <legend class="second">Jobs, in the order in which they will run</legend>
        {offered.map((job) => (
          <label key={job.number} class="row">
            <input type="checkbox" checked={chosen.has(job.number)} onChange={() => toggle(job.number)} />
            <Glyph state={job.state} />
            <span class="cut grow">{job.title}</span>
            <span class="quiet small">{job.type_title} · job{job.number}</span>
          </label>
        ))}
      </fieldset>
    </Dialog>
  );
}
