// What was done, with a way to undo it, at the foot of the window: say("Moved to Trash", {undo: ref}). Errors stay until closed.
import { signal } from "@preact/signals";
import { act, Problem, type Schema } from "../api/client";
import { Icon } from "../parts/Icon";

interface Toast {
  id: number;
  text: string;
  kind: "done" | "error";
  /** What the server answered to the act, or what to do instead of it. */
  undo?: string | (() => void);
  /** A way to what was made. */
  link?: { title: string; to: string };
}

const STAY_MS = 8000;
const shown = signal<Toast[]>([]);
let count = 0;

function close(id: number): void {
  shown.value = shown.value.filter((toast) => toast.id !== id);
}

function add(toast: Omit<Toast, "id">, stay_ms: number): void {
  const id = ++count;
  shown.value = [...shown.value.slice(-3), { ...toast, id }];
  if (stay_ms) setTimeout(() => close(id), stay_ms);
}

/** Say that something was done; `undo`: the reference that the server gave, or a function. */
export function say(text: string, more: { undo?: string | null | (() => void); link?: { title: string; to: string } } = {}): void {
  add({ text, kind: "done", ...(more.undo ? { undo: more.undo } : {}), ...(more.link ? { link: more.link } : {}) }, STAY_MS);
}

/** Say what did not work, as a sentence; it stays until it is closed. */
export function sayError(error: unknown): void {
  const text = error instanceof Error || error instanceof Problem ? error.message : String(error);
  if (!shown.value.some((toast) => toast.kind === "error" && toast.text === text)) add({ text, kind: "error" }, 0);
}

/** Do something on the server and say what went wrong, if so; gives undefined then. */
export async function attempt<T>(doing: () => Promise<T>): Promise<T | undefined> {
  try {
    return await doing();
  } catch (error) {
    sayError(error);
    return undefined;
  }
}

/** Undo the latest act that can be undone, as Ctrl Z does where the page has no history of its own. Whether there was one. */
export function undoLatest(): boolean {
  const latest = [...shown.value].reverse().find((toast) => toast.undo);
  if (!latest) return false;
  void undo(latest);
  return true;
}

async function undo(toast: Toast): Promise<void> {
  close(toast.id);
  const how = toast.undo;
  if (typeof how === "function") return how();
  await attempt(async () => {
    say((await act<Schema<"Done">>("POST", `undo/${encodeURIComponent(how ?? "")}`)).sentence);
  });
}

export function Toasts() {
  return (
    <div class="frame-toasts" role="status" aria-live="polite">
      {shown.value.map((toast) => (
        <div key={toast.id} class={`frame-toast ${toast.kind}`} role={toast.kind === "error" ? "alert" : undefined}>
          <Icon name={toast.kind === "error" ? "warning" : "check"} />
          <span class="grow">{toast.text}</span>
          {toast.undo && <button type="button" class="button small-button bare frame-undo" onClick={() => void undo(toast)}>Undo</button>}
          {toast.link && <a class="frame-undo" href={toast.link.to} onClick={() => close(toast.id)}>{toast.link.title}</a>}
          <button type="button" class="button small-button bare icon-only" aria-label="Close" onClick={() => close(toast.id)}><Icon name="close" /></button>
        </div>
      ))}
    </div>
  );
}
