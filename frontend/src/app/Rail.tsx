// Job types in processing order under six heads; a press opens a fresh form, the count filters the job list.
import { useState } from "preact/hooks";
import { Icon, iconOf } from "../parts/Icon";
import { jobs, types, type TypeRow } from "./data";
import { homeListFold, railFold, toggle, typeFilter } from "./folds";
import { go, to } from "./place";

/** Whether a type is meant by the words: in title, RELION's label or a synonym; the best first. */
export function ranked(all: TypeRow[], words: string): TypeRow[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) return all;
  const score = (type: TypeRow) => {
    const title = type.title.toLowerCase();
    const rest = `${type.full_title} ${type.label} ${type.also}`.toLowerCase();
    let sum = 0;
    for (const word of wanted) {
      if (title.startsWith(word)) sum += 4;
      else if (title.includes(word)) sum += 3;
      else if (rest.split(/[\s.]+/).some((part) => part.startsWith(word))) sum += 2;
      else if (rest.includes(word)) sum += 1;
      else return 0;
    }
    return sum;
  };
  return all.map((type) => [score(type), type] as const).filter(([n]) => n).sort((a, b) => b[0] - a[0]).map(([, type]) => type);
}

export function Rail(props: { mini: boolean; home: boolean }) {
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const all = types.value?.types ?? [];
  const found = ranked(all, props.mini ? "" : words);
  const counts = new Map<string, number>();
  for (const job of jobs.value ?? []) counts.set(job.type, (counts.get(job.type) ?? 0) + 1);
  const open = (type: TypeRow) => go(to(`new/${type.type}`));
  const chosen = words.trim() ? Math.min(at, found.length - 1) : -1;
  const heads = words.trim() ? [""] : (types.value?.heads ?? []);
  const key = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else if (event.key === "Enter" && words.trim() && found[chosen]) {
      open(found[chosen]);
      setWords("");
    } else if (event.key === "Escape") {
      setWords("");
      (event.currentTarget as HTMLElement).blur();
    } else return;
    event.preventDefault();
  };
  return (
    <nav class={`frame-rail ${props.mini ? "mini" : "full"}`} aria-label="Job types" tabIndex={-1}>
      {!props.mini && (
        <div class="frame-rail-find">
          <Icon name="find" />
          <input id="find-type" type="search" placeholder="Find a job type" aria-label="Find a job type" value={words} role="combobox" aria-expanded={Boolean(words.trim())} aria-controls="rail-types"
            aria-activedescendant={chosen >= 0 && found[chosen] ? `type-${found[chosen].type}` : undefined}
            onInput={(event) => { setWords(event.currentTarget.value); setAt(0); }} onKeyDown={key} />
          <kbd>/</kbd>
        </div>
      )}
      <div class="frame-rail-types" id="rail-types">
        {heads.map((head) => {
          const mine = head ? found.filter((type) => type.head === head) : found;
          if (!mine.length) return null;
          return (
            <div key={head} role="group" aria-label={head || "Found"}>
              {!props.mini && <h3>{head || "Found"}</h3>}
              {mine.map((type) => {
                const on = chosen >= 0 && found[chosen] === type;
                const count = counts.get(type.type) ?? 0;
                return (
                  <div key={type.type} class={`frame-type${on ? " on" : ""}${typeFilter.value === type.type ? " shown" : ""}`}>
                    <a id={props.mini ? undefined : `type-${type.type}`} href={to(`new/${type.type}`)} title={`New: ${type.full_title}. ${type.help}`}>
                      <Icon name={iconOf(type.type, type.label)} />
                      <span class={props.mini ? "frame-type-word" : "cut"}>{props.mini ? shortTitle(type) : type.title}</span>
                    </a>
                    {!props.mini && count > 0 && (
                      <button type="button" class="frame-type-count" aria-pressed={typeFilter.value === type.type} aria-label={`Show only the ${count} jobs of ${type.title}`}
                        onClick={() => { typeFilter.value = typeFilter.value === type.type ? "" : type.type; homeListFold.value = "open"; }}>{count}</button>
                    )}
                  </div>
                );
              })}
            </div>
          );
        })}
        {words.trim() && !found.length && <p class="small quiet frame-rail-none">No job type of that name. Try a part of it, or RELION's word.</p>}
      </div>
      {!props.mini && <button type="button" class="button bare small-button frame-rail-fold" onClick={() => toggle(railFold)}><Icon name="fold" />Fold to icons</button>}
      {props.mini && props.home && <button type="button" class="frame-rail-unfold" aria-label="Show job types in full" title="Show job types in full" onClick={() => toggle(railFold)}><Icon name="unfold" /></button>}
    </nav>
  );
}

const SHORT: Record<string, string> = {
  "Motion correction": "Motion", "CTF estimation": "CTF", "Manual picking": "By hand", "Auto-picking": "Pick", Extraction: "Extract", "2D classification": "2D", Selection: "Select", "Initial model": "Initial",
  "3D classification": "3D class", "3D refinement": "Refine", Reconstruction: "Recon", "Multi-body": "Bodies", "Post-processing": "Sharpen", "Local resolution": "Local", "CTF refinement": "CTF ref", "Import other files": "Other",
};

function shortTitle(type: TypeRow): string {
  return SHORT[type.title] ?? type.title.split(" ")[0]!.slice(0, 8);
}
