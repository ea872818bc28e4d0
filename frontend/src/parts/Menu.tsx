// A button that opens a list of acts: by press, arrows, letters; Escape closes and gives the focus back.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { go } from "../app/place";
import { Icon } from "./Icon";
import "./menu.css";

export interface Act {
  title: string;
  /** Done when chosen; or `to`, a page to go to. */
  run?: () => void;
  to?: string;
  icon?: string;
  /** Shown at the right: a key, a size. */
  hint?: string;
  /** Why it cannot be done now; the act is grey then. */
  why?: string;
  /** A chosen one of several, with a tick. */
  chosen?: boolean;
  /** Begins a group, with this head if it is not empty. */
  group?: string;
}

interface Props {
  /** What the button says; spoken when `icon` alone is shown. */
  title: string;
  acts: Act[];
  icon?: string;
  iconOnly?: boolean;
  kind?: string;
  align?: "left" | "right";
  children?: ComponentChildren;
}

export function Menu(props: Props) {
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => !box.current?.contains(event.target as Node) && setOpen(false);
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, [open]);
  useEffect(() => {
    if (open) box.current?.querySelectorAll<HTMLElement>("[role^=menuitem]")[at]?.focus();
  }, [open, at]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const choose = (act: Act) => {
    if (act.why) return;
    close();
    if (act.run) act.run();
    else if (act.to) go(act.to);
  };
  const key = (event: KeyboardEvent) => {
    const last = props.acts.length - 1;
    const steps: Record<string, number> = { ArrowDown: at === last ? 0 : at + 1, ArrowUp: at === 0 ? last : at - 1, Home: 0, End: last };
    const step = steps[event.key];
    if (step !== undefined) setAt(step);
    else if (event.key === "Escape") close();
    else if (event.key === "Tab") return setOpen(false);
    else if (event.key === "Enter" || event.key === " ") choose(props.acts[at]!);
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      const letter = event.key.toLowerCase();
      const found = [...props.acts.keys()].map((i) => (at + 1 + i) % props.acts.length).find((i) => props.acts[i]!.title.toLowerCase().startsWith(letter));
      if (found !== undefined) setAt(found);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const show = (from: number) => {
    setAt(from);
    setOpen(true);
  };
  return (
    <div class="menu" ref={box}>
      <button ref={button} type="button" class={props.kind ?? `button bare${props.iconOnly ? " icon-only" : ""}`} aria-haspopup="menu" aria-expanded={open}
        aria-controls={open ? id : undefined} aria-label={props.iconOnly ? props.title : undefined} title={props.iconOnly ? props.title : undefined}
        onClick={() => (open ? setOpen(false) : show(0))}
        onKeyDown={(event) => {
          if (open || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
          event.preventDefault();
          show(event.key === "ArrowDown" ? 0 : props.acts.length - 1);
        }}>
        {props.children ?? <>{props.icon && <Icon name={props.icon} />}{!props.iconOnly && props.title}</>}
      </button>
      {open && (
        <ul class={`menu-list ${props.align === "left" ? "" : "menu-right"}`} id={id} role="menu" aria-label={props.title} onKeyDown={key}>
          {props.acts.map((act, i) => (
            <li key={act.title} role="none">
              {act.group !== undefined && <div class="menu-group" role="presentation">{act.group}</div>}
              <div class="menu-act" role={act.chosen === undefined ? "menuitem" : "menuitemradio"} aria-checked={act.chosen} aria-disabled={act.why ? true : undefined} tabIndex={i === at ? 0 : -1} title={act.why}
                onClick={() => choose(act)} onPointerEnter={() => setAt(i)}>
                <Icon name={act.chosen ? "check" : (act.icon ?? "none")} />
                <span class="grow">{act.title}{act.why && <span class="menu-why">{act.why}</span>}</span>
                {act.hint && <span class="small quiet">{act.hint}</span>}
              </div>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
