// A strip of tabs with one stop of the keyboard: arrows move and choose, Home and End go to the ends. Panels name their tab.
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import "./tabs.css";

export interface Tab {
  id: string;
  title: string;
  /** A word or number behind the title, such as the count of faults on a form's tab. */
  count?: string | number | undefined;
  /** How the count is meant: a fault is drawn in the colour of errors. */
  tone?: "fault" | "ask" | undefined;
  /** A key that chooses this tab, shown when the pointer rests on it. */
  hint?: string | undefined;
}

interface TabsProps {
  /** What the strip chooses from, for those who hear the page. */
  label: string;
  tabs: Tab[];
  value: string;
  onChange: (id: string) => void;
  /** Begin of the ids of tabs and panels; one per strip on a page. */
  name: string;
  /** "files" is the smaller strip of a second level. */
  look?: "pages" | "files";
}

export function Tabs({ label, tabs, value, onChange, name, look = "pages" }: TabsProps) {
  const strip = useRef<HTMLDivElement>(null);
  function choose(index: number): void {
    const next = tabs[(index + tabs.length) % tabs.length];
    if (!next) return;
    onChange(next.id);
    strip.current?.querySelector<HTMLElement>(`#${CSS.escape(tabId(name, next.id))}`)?.focus();
  }
  function onKey(event: KeyboardEvent): void {
    const at = tabs.findIndex((tab) => tab.id === value);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(to);
  }
  return (
    <div class={`tabs tabs-${look}`} role="tablist" aria-label={label} ref={strip} onKeyDown={onKey}>
      {tabs.map((tab) => (
        <button
          key={tab.id}
          id={tabId(name, tab.id)}
          type="button"
          role="tab"
          aria-selected={tab.id === value}
          aria-controls={tab.id === value ? panelId(name, tab.id) : undefined}
          tabIndex={tab.id === value ? 0 : -1}
          title={tab.hint}
          onClick={() => onChange(tab.id)}
        >
          {tab.title}
          {tab.count !== undefined && tab.count !== "" && <span class={`tabs-count ${tab.tone ?? ""}`}>{tab.count}</span>}
        </button>
      ))}
    </div>
  );
}

/** What a tab shows. */
export function TabPanel(props: { name: string; id: string; class?: string; children: ComponentChildren }) {
  return (
    <div class={props.class} role="tabpanel" id={panelId(props.name, props.id)} aria-labelledby={tabId(props.name, props.id)} tabIndex={-1}>
      {props.children}
    </div>
  );
}

function tabId(name: string, id: string): string {
  return `${name}-tab-${id}`;
}

function panelId(name: string, id: string): string {
  return `${name}-panel-${id}`;
}
