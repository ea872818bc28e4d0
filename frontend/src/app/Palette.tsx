// Ctrl K: jobs, job types, places, files and commands by a few letters; ">" for commands, "#" for jobs.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, type Schema } from "../api/client";
import { Glyph } from "../parts/Glyph";
import { Icon, iconOf } from "../parts/Icon";
import { jobs, mayAct, types } from "./data";
import { Floating } from "./Floating";
import { presentJob } from "./folds";
import { pageOf } from "./JobItem";
import { keysOpen, paletteOpen } from "./open";
import { index, ranked, type Entry, type EntryKind } from "./paletteIndex";
import { go, root, to } from "./place";
import { projectActs } from "./ProjectMenu";
import { setTheme, theme } from "./theme";
import "./palette.css";

const HEADS: Record<EntryKind, string> = { job: "Jobs", type: "New job", place: "Places", command: "Commands", setting: "Settings", output: "Outputs", note: "Notes", file: "Files", folder: "Files" };

function places(): Entry[] {
  const place = (title: string, icon: string, page: string, more = "", hint = ""): Entry => ({ kind: "place", title, icon, to: to(page), more, hint });
  return [
    place("Home", "home", "", "project pipeline overview", "G H"), place("Live session", "live", "live", "microscope acquisition dashboard", "G L"), place("Disk and Trash", "disk", "disk", "clean sizes undelete empty free space", "G D"),
    place("Schemes", "scheme", "schemes", "schedule repeat automatic"), place("Compare two jobs", "compare", "compare", "difference parameters"), place("STAR table", "table", "table", "columns rows plot subset"),
    place("Display a file", "eye", "view", "open any file browse"), place("Glance", "phone", "glance", "phone mobile"), place("All notes", "note", "notes", "print"),
  ];
}

function settings(): Entry[] {
  const page = (title: string, name: string, more: string): Entry => ({ kind: "setting", title, icon: "settings", to: to(`settings/${name}`), more });
  return [
    page("Look: theme, density, units, text size", "look", "dark light font"), page("Keys", "keys", "shortcuts letters"), page("Notices", "notify", "notifications browser system alarm"), page("Places: this machine, queues, run profiles", "places", "slurm cluster gpu submit"),
    page("Templates and defaults", "templates", "values"), page("Sharing: read-only links", "sharing", "token link revoke"), page("About and doctor", "about", "version report"),
    { kind: "command", title: theme.value === "dark" ? "Light theme" : "Dark theme", icon: "theme", more: "look", run: () => setTheme(theme.value === "dark" ? "light" : "dark") },
    { kind: "command", title: "Keys of this page", icon: "keyboard", more: "help shortcuts", hint: "?", run: () => (keysOpen.value = true) },
  ];
}

function known(only: "all" | "types"): Entry[] {
  const kinds = (mayAct.value ? (types.value?.types ?? []) : []).map((type): Entry => ({ kind: "type", title: type.title, more: type.full_title === type.title ? type.help : type.full_title, also: `${type.label} ${type.also} new`, icon: iconOf(type.type, type.label), to: to(`new/${type.type}`) }));
  if (only === "types") return kinds;
  const rows = [...(jobs.value ?? [])].reverse();
  const present = rows.findIndex((job) => job.number === presentJob.value);
  if (present > 0) rows.unshift(...rows.splice(present, 1));
  const all = rows.map((job): Entry => ({ kind: "job", title: job.title, more: `${job.alias ? `${job.type_title} · ` : ""}job${job.number}`, also: `${job.number} ${job.name} ${job.label} ${job.state}`, icon: "job", state: job.state, hint: job.key, to: pageOf(job) }));
  const acts = projectActs().filter((act) => !act.why).map((act): Entry => ({ kind: "command", title: act.title, icon: act.icon ?? "command", more: "", ...(act.to ? { to: act.to } : {}), ...(act.run ? { run: act.run } : {}) }));
  return [...all, ...places(), ...kinds, ...acts, ...settings()];
}

export default function Palette() {
  const only = paletteOpen.value || "all";
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [elsewhere, setElsewhere] = useState<Entry[]>([]);
  const field = useRef<HTMLInputElement>(null);
  const all = useMemo(() => index(known(only)), [only, jobs.value, types.value]);
  const found = useMemo(() => {
    const first = ranked(all, typed, typed.trim() ? 40 : only === "types" ? 60 : 24);
    return [...first, ...elsewhere].slice(0, 60);
  }, [all, typed, elsewhere]);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    setElsewhere([]);
    const text = typed.trim();
    if (only === "types" || text.length < 2 || /^[>#]/.test(text)) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      get<Schema<"Hit">[]>("search", { q: text }, stop.signal).then((hits) => setElsewhere(hits.map((hit) => ({ kind: hit.kind as EntryKind, title: hit.title, more: hit.where, icon: hit.kind === "note" ? "note" : hit.kind === "folder" ? "folder" : "file", to: `${root.value}/${hit.route}` }))), () => undefined);
    }, 120);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [typed]);
  const close = () => (paletteOpen.value = "");
  const choose = (entry: Entry | undefined) => {
    if (!entry) return;
    close();
    if (entry.run) entry.run();
    else if (entry.to) go(entry.to);
  };
  const key = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: Math.min(at + 1, found.length - 1), ArrowUp: Math.max(0, at - 1), PageDown: Math.min(at + 8, found.length - 1), PageUp: Math.max(0, at - 8) };
    const next = steps[event.key];
    if (next !== undefined) {
      setAt(next);
      document.getElementById(`palette-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") choose(found[at]);
    else return;
    event.preventDefault();
  };
  let head = "";
  return (
    <Floating title={only === "types" ? "New job" : "Jobs, files, commands"} close={close} kind="palette">
      <div class="palette-find">
        <Icon name={only === "types" ? "plus" : "find"} />
        <input ref={field} type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant={found.length ? `palette-${at}` : undefined} aria-label={only === "types" ? "Find a job type" : "Find jobs, files and commands"}
          placeholder={only === "types" ? "New job: type, RELION's word, or a synonym" : "Job, file, place;  > command;  # job"} autocomplete="off" spellcheck={false} value={typed} onInput={(event) => { setTyped(event.currentTarget.value); setAt(0); }} onKeyDown={key} />
        <kbd>Esc</kbd>
      </div>
      <span class="hidden-text" aria-live="polite">{typed ? `${found.length} found` : ""}</span>
      <ul id="palette-list" class="palette-list" role="listbox" aria-label="Found">
        {found.map((entry, i) => {
          const group = HEADS[entry.kind];
          const begins = !typed.trim() && group !== head;
          head = group;
          return (
            <li key={`${entry.kind} ${entry.title} ${entry.more} ${i}`} id={`palette-${i}`} role="option" aria-selected={i === at} class={`palette-row${begins ? " begins" : ""}`} data-head={begins ? group : undefined}
              onPointerMove={() => at !== i && setAt(i)} onClick={() => choose(entry)}>
              {entry.state ? <Glyph state={entry.state} /> : <Icon name={entry.icon} />}
              <span class="cut palette-title">{entry.title}</span>
              <span class="cut quiet grow small">{entry.more}</span>
              <span class="small quiet palette-hint">{typed.trim() && !entry.hint ? group : entry.hint}</span>
            </li>
          );
        })}
      </ul>
      {!found.length && <p class="palette-none">Nothing of that name. Try fewer letters, or a path such as Class2D/.</p>}
    </Floating>
  );
}
