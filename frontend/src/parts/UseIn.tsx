// "Use in...": the job types that take a result, each a fresh form with its input filled in.
import { useEffect, useRef, useState } from "preact/hooks";
import { useResource, type Schema } from "../api/client";
import { go, to } from "../app/place";
import "./use-in.css";

interface UseInProps {
  /** The result, relative to the project. */
  path: string;
  /** The word of its kind, such as "particles". */
  kind: string;
  /** The number of the job that made it, "014", or "". */
  job?: string;
  /** Called when a key opens the list from outside; counts up. */
  asked?: number;
  likely?: boolean;
}

/** The address of a fresh form of a type that takes a file in one of its inputs. */
function formWith(type: string, input: string, path: string, job = ""): string {
  return to(`new/${type}`, { from: job || undefined, [`in.${input}`]: path });
}

export function UseIn({ path, kind, job = "", asked = 0, likely = false }: UseInProps) {
  const [open, setOpen] = useState(false);
  const uses = useResource<Schema<"Use">[]>(open ? "uses" : "", { kind });
  const list = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const first = useRef(asked);
  useEffect(() => {
    if (asked !== first.current) setOpen(true);
    first.current = asked;
  }, [asked]);
  useEffect(() => {
    if (open && uses.data) list.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
  }, [open, uses.data]);
  useEffect(() => {
    if (!open) return;
    const leave = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", leave);
    return () => removeEventListener("pointerdown", leave);
  }, [open]);
  function onKey(event: KeyboardEvent): void {
    const items = [...(list.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      items[(next + items.length) % items.length]?.focus();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      setOpen(false);
      box.current?.querySelector<HTMLElement>("button")?.focus();
    }
  }
  return (
    <div class="use-in" ref={box} onKeyDown={onKey}>
      <button type="button" class={`button ${likely ? "likely" : ""}`} aria-haspopup="menu" aria-expanded={open} title="Use this result in a new job (U)" onClick={() => setOpen(!open)}>
        Use in…
      </button>
      {open && (
        <div class="use-in-list" role="menu" aria-label="Job types that take this result" ref={list}>
          {uses.problem && <p class="use-in-word">{uses.problem.message}</p>}
          {uses.data?.length === 0 && <p class="use-in-word">No job type takes a result of this kind.</p>}
          {uses.data?.map((use) => (
            <a key={`${use.type} ${use.input}`} role="menuitem" tabIndex={-1} href={formWith(use.type, use.input, path, job)} onClick={(event) => {
              event.preventDefault();
              go(formWith(use.type, use.input, path, job));
            }}>
              <span>{use.title}</span>
              {use.as && <span class="quiet">as {use.as}</span>}
            </a>
          ))}
        </div>
      )}
    </div>
  );
}
