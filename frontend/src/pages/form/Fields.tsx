// The settings of a form by tab: usual ones first, all on demand; a search goes over all tabs.
import { useEffect, useRef, useState } from "preact/hooks";
import { Field } from "../../parts/Field";
import { Icon } from "../../parts/Icon";
import { TabPanel, Tabs } from "../../parts/Tabs";
import { ExternalParams, isPair } from "./ExternalParams";
import type { Filling, Form, FormField } from "./filling";
import { PlaceChips, ON_CHIPS } from "./PlaceChips";
import { isFirst, whyGrey } from "./visible";

const ORIGINS: Record<string, string> = { default: "the default", last: "as last used here", job: "of the job", from: "an output of that job", newest: "the newest output that fits", link: "given by the link" };
const ALL = "vitreous.form.all";
const ONE_PAGE = "vitreous.form.page";

interface Props {
  filling: Filling;
  /** Only these settings, as in a comparison; all tabs together. */
  only?: ReadonlySet<string> | undefined;
  tab: string;
  setTab: (tab: string) => void;
  /** All tabs on one page until the user chooses: where a form is read rather than filled. */
  reading?: boolean;
}

export function Fields({ filling, only, tab, setTab, reading = false }: Props) {
  const { form } = filling;
  const [asked, setAsked] = useState("");
  const [all, setAll] = useState(localStorage.getItem(ALL) === "yes");
  const kept = reading ? `${ONE_PAGE}.reading` : ONE_PAGE;
  const [whole, setWhole] = useState((localStorage.getItem(kept) ?? (reading ? "yes" : "no")) === "yes");
  const finder = useRef<HTMLInputElement>(null);
  const showAll = (on: boolean) => {
    setAll(on);
    localStorage.setItem(ALL, on ? "yes" : "no");
  };
  const showWhole = (on: boolean) => {
    setWhole(on);
    localStorage.setItem(kept, on ? "yes" : "no");
  };
  const counts = (name: string) => (form.tabs.find((one) => one.name === name)?.fields ?? []).filter((field) => told(filling, field.name)).length;
  const found = asked.trim() ? search(form, asked) : only ? form.tabs.map((one) => ({ name: one.name, fields: one.fields.filter((field) => only.has(field.name)) })).filter((one) => one.fields.length) : null;
  return (
    <>
      <div class="form-strip">
        {whole ? (
          <nav class="tabs tabs-pages" aria-label="Settings">
            {form.tabs.map((one) => (
              <button key={one.name} type="button" onClick={() => { setAsked(""); document.getElementById(partId(one.name))?.scrollIntoView({ block: "start" }); }}>
                {one.name}
                {counts(one.name) > 0 && <span class="tabs-count fault">{counts(one.name)}</span>}
              </button>
            ))}
          </nav>
        ) : (
          <Tabs label="Settings" name="form" value={tab} onChange={(id) => { setAsked(""); setTab(id); }} tabs={form.tabs.map((one) => ({ id: one.name, title: one.name, count: counts(one.name) || undefined, tone: "fault" as const }))} />
        )}
        <button type="button" class="button bare small-button form-whole" aria-pressed={whole} title="The usual settings of all tabs on one page" onClick={() => showWhole(!whole)}><Icon name="list" /> One page</button>
        <label class="form-find">
          <span class="hidden-text">Find a setting in all tabs</span>
          <input ref={finder} data-find class="field-box" type="search" placeholder="Find a setting  /" value={asked} onInput={(event) => setAsked(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === "Escape") { setAsked(""); finder.current?.blur(); } }} />
        </label>
      </div>
      <div class="form-scroll">
        {found ? (
          <div class="form-body">
            {found.map((one) => (
              <section key={one.name} aria-label={one.name}>
                <h3>{one.name}</h3>
                {one.fields.map((field) => <One key={field.name} filling={filling} field={field} />)}
              </section>
            ))}
            {!found.length && <p class="quiet form-none">{only ? "Nothing differs." : `No setting holds “${asked}”.`}</p>}
          </div>
        ) : whole ? (
          <>
            {form.tabs.map((one) => <OneTab key={one.name} filling={filling} name={one.name} fields={one.fields} all={all} showAll={showAll} head />)}
            <button type="button" class="button form-all" aria-expanded={all} onClick={() => showAll(!all)}>{all ? "Only the usual settings" : `All ${filling.fields.size} settings`}</button>
          </>
        ) : (
          form.tabs.filter((one) => one.name === tab).map((one) => <OneTab key={one.name} filling={filling} name={one.name} fields={one.fields} all={all} showAll={showAll} />)
        )}
      </div>
    </>
  );
}

/** Whether a fault of a setting is told now: it was touched, or Run was tried; what is only missing waits for that. */
export function told(filling: Filling, name: string): boolean {
  if (!filling.errors.has(name)) return false;
  return filling.tried || filling.touched.has(name) || Boolean(filling.values[name]);
}

function search(form: Form, asked: string): { name: string; fields: FormField[] }[] {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (field: FormField) => words.every((word) => `${field.label} ${field.name} ${field.flag} ${(field.relion ?? []).join(" ")} ${field.help}`.toLowerCase().includes(word));
  return form.tabs.map((one) => ({ name: one.name, fields: one.fields.filter(holds) })).filter((one) => one.fields.length);
}

function partId(name: string): string {
  return `form-part-${name.replace(/\W/g, "-")}`;
}

interface TabProps {
  filling: Filling;
  name: string;
  fields: FormField[];
  all: boolean;
  showAll: (on: boolean) => void;
  /** One of several on a page, with its name above. */
  head?: boolean;
}

function OneTab({ filling, name, fields, all, showAll, head }: TabProps) {
  const faulty = (field: string) => told(filling, field);
  const offered = fields.filter((field) => !(name === "Place" && ON_CHIPS.has(field.name)) && !isPair(field.name));
  const first = offered.filter((field) => isFirst(field, filling.values, filling.fields, faulty));
  const shown = all ? offered : first;
  const more = offered.length - first.length;
  const inside = (
    <>
      {name === "Place" && <PlaceChips filling={filling} />}
      {fields.some((field) => isPair(field.name)) && <ExternalParams filling={filling} />}
      {shown.map((field) => <One key={field.name} filling={filling} field={field} />)}
      {more > 0 && !head && (
        <button type="button" class="button bare form-more" aria-expanded={all} onClick={() => showAll(!all)}>
          {all ? "Only the usual settings" : `All ${offered.length} settings`}
        </button>
      )}
    </>
  );
  if (!head) return <TabPanel name="form" id={name} class="form-body">{inside}</TabPanel>;
  return <section class="form-body form-part" id={partId(name)} aria-label={name}><h2>{name}</h2>{inside}</section>;
}

function One({ filling, field }: { filling: Filling; field: FormField }) {
  const { form, values, check } = filling;
  const value = values[field.name] ?? "";
  const lock = (form.locks ?? {})[field.name];
  const grey = lock ? "" : whyGrey(field, values, filling.fields);
  const measured = check?.measured?.[field.name];
  const scanned = check?.scan?.includes(field.name);
  return (
    <Field
      field={field}
      value={value}
      base={form.job ? (form.values[field.name] ?? "") : undefined}
      onChange={(next) => filling.set(field.name, next)}
      onLeave={() => filling.leave(field.name)}
      error={told(filling, field.name) ? filling.errors.get(field.name) : undefined}
      warning={filling.warnings.get(field.name) ?? (scanned ? `a list: ${check?.jobs} jobs in all` : undefined)}
      lock={lock}
      grey={grey || undefined}
      last={form.last[field.name]}
      origin={value === form.values[field.name] ? ORIGINS[form.origins[field.name] ?? ""] : "changed by you"}
    >
      {measured && measured.value !== value && !lock && (
        <button type="button" class="button small-button form-measured" title={measured.words} onClick={() => { filling.set(field.name, measured.value); filling.leave(field.name); }}>
          {measured.value} {field.unit} <span class="quiet">from data</span>
        </button>
      )}
    </Field>
  );
}

/** Bring a setting into view and give it the focus, once its tab is shown. */
export function useGoTo(): [string, (field: string) => void] {
  const [wanted, setWanted] = useState("");
  useEffect(() => {
    if (!wanted) return;
    const box = document.getElementById(`field-${wanted}`);
    box?.scrollIntoView({ block: "center" });
    box?.focus();
    setWanted("");
  });
  return [wanted, setWanted];
}
