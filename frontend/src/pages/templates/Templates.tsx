// Templates: named chains of jobs with blanks. Fill the blanks and run, make one of jobs, take one in from a file, give one out.
import { useRef, useState } from "preact/hooks";
import { act, address, type Schema, useResource } from "../../api/client";
import { mayAct } from "../../app/data";
import { go, to } from "../../app/place";
import { attempt, say } from "../../app/toasts";
import { Field } from "../../parts/Field";
import { Icon, iconOf } from "../../parts/Icon";
import { Broken, Empty, Loading } from "../../parts/messages";
import { FromJobs } from "./FromJobs";
import "./templates.css";

type Row = Schema<"TemplateRow">;

export default function Templates() {
  const found = useResource<Row[]>("templates", {}, ["project"]);
  const [making, setMaking] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  const takeIn = (chosen: File | undefined) =>
    chosen && attempt(async () => {
      const row = await act<Row>("POST", "templates/import", { text: await chosen.text() });
      say(`The template “${row.name}” is taken in`);
      found.again();
    });
  return (
    <div class="templates-page">
      <header class="row templates-head">
        <h1 class="grow">Templates</h1>
        <button type="button" class="button" disabled={!mayAct.value} onClick={() => file.current?.click()}><Icon name="upload" /> Take in a file</button>
        <input ref={file} class="hidden-text" tabIndex={-1} aria-label="File of a template" type="file" accept=".json,application/json" onChange={(event) => { void takeIn(event.currentTarget.files?.[0]); event.currentTarget.value = ""; }} />
        <button type="button" class="button likely" disabled={!mayAct.value} onClick={() => setMaking(true)}><Icon name="plus" /> New from jobs</button>
      </header>
      {found.problem && !found.data && <Broken sentence={found.problem.message} />}
      {!found.data && !found.problem && <Loading what="reading templates" />}
      {found.data?.length === 0 && (
        <Empty title="No templates yet" why="A template is a chain of jobs that you run again and again, with blanks for what differs, such as the particles.">
          <p class="second">Make one of jobs that went well, or save a filled form with “Save as template”.</p>
        </Empty>
      )}
      <ul class="templates-list">
        {found.data?.map((row) => <li key={row.word}><Card row={row} again={found.again} /></li>)}
      </ul>
      {making && <FromJobs onClose={() => setMaking(false)} onMade={found.again} />}
    </div>
  );
}

function Card({ row, again }: { row: Row; again: () => void }) {
  const [open, setOpen] = useState(false);
  const [answers, setAnswers] = useState<Record<string, string>>(() => Object.fromEntries(row.blanks.map((blank) => [blank.key, blank.value])));
  const [busy, setBusy] = useState(false);
  const missing = row.blanks.find((blank) => blank.field.required && !answers[blank.key]);
  const start = (run: boolean) =>
    attempt(async () => {
      setBusy(true);
      try {
        const made = await act<Schema<"StartedTemplate">>("POST", `templates/${encodeURIComponent(row.word)}/start`, { answers: filledIn(answers), start: run });
        const first = made.jobs[0];
        say(`${made.jobs.length === 1 ? "1 job was" : `${made.jobs.length} jobs were`} added${run ? "; each runs as soon as it can" : ""}`);
        if (first) go(to(`job/${first.number}`));
      } finally {
        setBusy(false);
      }
    });
  const remove = () =>
    attempt(async () => {
      const gone = await act<Schema<"Template">>("DELETE", `templates/${encodeURIComponent(row.word)}`);
      again();
      say(`The template “${row.name}” is gone`, { undo: () => void attempt(async () => { await act("POST", "templates", { ...gone, scope: row.scope }); again(); }) });
    });
  return (
    <article class="card templates-card">
      <div class="row templates-title">
        <h2 class="grow cut">{row.name}</h2>
        <span class="quiet small">{row.scope === "user" ? "yours, in all projects" : "of this project"}</span>
        <a class="button small-button bare icon-only" aria-label={`Give out ${row.name} as a file`} title="Give out as a file" href={address(`templates/${encodeURIComponent(row.word)}/file`)} download><Icon name="download" /></a>
        <button type="button" class="button small-button bare icon-only" aria-label={`Remove ${row.name}`} title="Remove" disabled={!mayAct.value} onClick={() => void remove()}><Icon name="trash" /></button>
      </div>
      {row.note && <p class="second">{row.note}</p>}
      <ol class="templates-steps">
        {row.steps.map((step, index) => (
          <li key={index} class="templates-step">
            <Icon name={iconOf(step.type)} />
            <span>{step.title}</span>
            {(step.takes ?? []).length > 0 && <span class="quiet small">from {step.takes.join(", ")}</span>}
          </li>
        ))}
      </ol>
      {open && (
        <div class="templates-blanks">
          {row.blanks.map((blank) => <Field key={blank.key} field={blank.field} value={answers[blank.key] ?? ""} base={blank.value} onChange={(value) => setAnswers({ ...answers, [blank.key]: value })} />)}
          {!row.blanks.length && <p class="quiet">It has no blanks.</p>}
        </div>
      )}
      <div class="row">
        {open ? (
          <>
            <button type="button" class="button likely" disabled={busy || Boolean(missing) || !mayAct.value} title={missing ? `${missing.field.label} is missing` : undefined} onClick={() => void start(true)}>Run {row.steps.length === 1 ? "" : `all ${row.steps.length}`}</button>
            <button type="button" class="button" disabled={busy || Boolean(missing) || !mayAct.value} onClick={() => void start(false)}>Schedule</button>
            <button type="button" class="button bare" onClick={() => setOpen(false)}>Close</button>
            {missing && <span class="quiet dense" role="status">{missing.field.label} is missing</span>}
          </>
        ) : (
          <button type="button" class="button" onClick={() => setOpen(true)}>{row.blanks.length ? `Fill ${row.blanks.length} blank${row.blanks.length === 1 ? "" : "s"}…` : "Run…"}</button>
        )}
      </div>
    </article>
  );
}

function filledIn(answers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== ""));
}
