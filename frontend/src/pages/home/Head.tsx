// The head of the project: title and note, edited in place; microscope and movies; the way to new work.
import { useEffect, useRef, useState } from "preact/hooks";
import { act } from "../../api/client";
import { mayAct, project, jobs } from "../../app/data";
import { paletteOpen } from "../../app/open";
import { query, setQuery, to } from "../../app/place";
import { attempt } from "../../app/toasts";
import { when } from "../../app/words";
import { Icon } from "../../parts/Icon";
import type { Schema } from "../../api/client";

async function keep(change: { title?: string; note?: string; note_before?: string }): Promise<boolean> {
  const row = await attempt(() => act<Schema<"ProjectRow">>("PUT", "project", change));
  if (row) project.value = row;
  return Boolean(row);
}

export function Head() {
  const row = project.value;
  if (!row) return <header class="home-head"><h1 class="hidden-text">Project</h1><div class="block" style={{ height: 40, width: 320 }} /></header>;
  const last = Math.max(0, ...(jobs.value ?? []).map((job) => Math.max(job.started, job.ended)));
  const facts = [...row.facts!, last ? `last worked on ${when(last)}` : ""].filter(Boolean);
  return (
    <header class="home-head">
      <div class="grow">
        <Title row={row} />
        <p class="second cut home-facts">{facts.join(" · ") || row.path || "A new project"}</p>
      </div>
      <div class="row home-acts">
        <a class="button" href={to("live")}><Icon name="live" />Live session</a>
        {mayAct.value && <a class="button" href={to("settings/templates")}>Templates</a>}
        {mayAct.value && <button type="button" class="button likely" onClick={() => (paletteOpen.value = "types")}><Icon name="plus" />New job <kbd>N</kbd></button>}
      </div>
      <Note row={row} />
    </header>
  );
}

function Title({ row }: { row: Schema<"ProjectRow"> }) {
  const [draft, setDraft] = useState<string>();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => void (draft !== undefined && field.current?.select()), [draft === undefined]);
  const end = async (save: boolean) => {
    const text = draft ?? "";
    setDraft(undefined);
    if (save && text.trim() !== row.title) await keep({ title: text });
  };
  if (draft !== undefined)
    return <h1><input ref={field} class="home-title-field" aria-label="Title of the project" maxLength={120} value={draft} onInput={(event) => setDraft(event.currentTarget.value)}
      onBlur={() => void end(true)} onKeyDown={(event) => { if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); void end(event.key === "Enter"); } }} /></h1>;
  return (
    <div class="row home-title">
      <h1 class="cut" title={row.title}>{row.title}</h1>
      {row.may_act && <button type="button" class="button bare icon-only small-button home-edit" aria-label="Change the title" onClick={() => setDraft(row.title)}><Icon name="edit" /></button>}
      {row.may_act && !row.note && <button type="button" class="button bare small-button home-edit" onClick={() => setQuery({ edit: "note" })}><Icon name="note" />Add a note</button>}
    </div>
  );
}

function Note({ row }: { row: Schema<"ProjectRow"> }) {
  const editing = query.value.get("edit") === "note" && row.may_act;
  const [draft, setDraft] = useState("");
  const [before, setBefore] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (!editing) return;
    setDraft(row.note);
    setBefore(row.note);
    field.current?.focus();
  }, [editing]);
  if (editing)
    return (
      <div class="home-note-edit">
        <label class="hidden-text" for="project-note">Note of the project</label>
        <textarea id="project-note" ref={field} rows={5} value={draft} onInput={(event) => setDraft(event.currentTarget.value)} onKeyDown={(event) => event.key === "Escape" && setQuery({ edit: null })} />
        <div class="row">
          <button type="button" class="button likely" onClick={() => void keep({ note: draft, note_before: before }).then((kept) => kept && setQuery({ edit: null }))}>Save note</button>
          <button type="button" class="button bare" onClick={() => setQuery({ edit: null })}>Cancel</button>
          <span class="small quiet grow">Kept in project_note.txt, as RELION has it.</span>
        </div>
      </div>
    );
  if (!row.note.trim()) return null;
  return (
    <div class="home-note row">
      <p class="cut grow" title={row.note}>{row.note.trim().split("\n").at(-1)}</p>
      <button type="button" class="button bare small-button home-edit" onClick={() => setQuery({ edit: "note" })}>{row.may_act ? "Edit note" : "Note"}</button>
    </div>
  );
}
