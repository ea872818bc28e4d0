// Keys of the page in view: useKeys({ s: { title: "Save the answer", run } }). `?` lists them; single letters rest while a field has focus.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

export interface Key {
  title: string;
  run: (event: KeyboardEvent) => void;
  /** Also while a field has focus (only for chords with Ctrl). */
  inFields?: boolean;
}
/** By key: "s", "Shift+x", "Ctrl+k", "ArrowLeft", "g h" (one after the other), "?", "/". Letters are small. */
export type Keys = Record<string, Key>;

interface Layer {
  keys: { current: Keys };
  group: string;
}

const layers: Layer[] = [];
/** Grows when the keys in view change, so that the list of `?` can be drawn again. */
export const keysChanged = signal(0);
const OFF = "vitreous.keys.off";
/** Whether single letters are switched off in the settings of this browser. */
export const lettersOff = signal(localStorage.getItem(OFF) === "yes");
const MINE = "vitreous.keys.changed";
/** Keys that the user has put in the place of ours, by our key. */
export const changedKeys = signal<Record<string, string>>(JSON.parse(localStorage.getItem(MINE) ?? "{}") as Record<string, string>);

export function switchLetters(off: boolean): void {
  lettersOff.value = off;
  localStorage.setItem(OFF, off ? "yes" : "no");
}

/** Put `mine` in the place of one of our keys; "" gives ours back. */
export function changeKey(ours: string, mine: string): void {
  const next = { ...changedKeys.value };
  if (mine && mine !== ours) next[ours] = mine;
  else delete next[ours];
  changedKeys.value = next;
  localStorage.setItem(MINE, JSON.stringify(next));
}

/** The name of a pressed key, as it is written in Keys. */
export function nameOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const letter = event.key.length === 1;
  const key = letter ? event.key.toLowerCase() : event.key;
  const sign = letter && !/[a-z]/i.test(event.key);
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${event.shiftKey && !sign ? "Shift+" : ""}${key === " " ? "Space" : key}`;
}

export function inField(target: EventTarget | null): boolean {
  const element = target instanceof HTMLElement ? target : null;
  if (!element) return false;
  if (element.isContentEditable || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return true;
  return element instanceof HTMLInputElement && !["checkbox", "radio", "button", "range", "submit"].includes(element.type);
}

let waiting = "";
let waitingSince = 0;

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const name = nameOf(event);
  const field = inField(event.target);
  const chord = waiting && Date.now() - waitingSince < 1500 ? `${waiting} ${name}` : "";
  waiting = "";
  for (const wanted of [chord, name].filter(Boolean))
    for (const layer of [...layers].reverse())
      for (const [ours, key] of Object.entries(layer.keys.current)) {
        if ((changedKeys.value[ours] ?? ours) !== wanted) continue;
        if (field && !(key.inFields && name.startsWith("Ctrl+"))) return;
        if (lettersOff.value && ours.length === 1 && /[a-z]/.test(ours)) return;
        // A slider or a button keeps the keys by which it is moved and pressed.
        const own = event.target instanceof HTMLElement && event.target.closest("input,button,a,summary,select,[role=menuitem],[role=tab],[role=slider],[role=separator]");
        if (own && (/^(Enter|Space)$/.test(name) || (/^Arrow|^Home|^End|^Page/.test(name) && own.matches("input,select,[role=tab],[role=menuitem],[role=slider],[role=separator]")))) return;
        event.preventDefault();
        key.run(event);
        return;
      }
  if (!field && layers.some((layer) => Object.keys(layer.keys.current).some((ours) => ours.startsWith(`${name} `)))) {
    waiting = name;
    waitingSince = Date.now();
  }
}
addEventListener("keydown", pressed);

/** Keys that act while this component is drawn; later layers win. `group` is the head under which `?` lists them. */
export function useKeys(keys: Keys, group = "This page"): void {
  const current = useRef(keys);
  current.current = keys;
  const names = Object.keys(keys).join(",");
  useEffect(() => {
    const layer = { keys: current, group };
    layers.push(layer);
    keysChanged.value++;
    return () => {
      layers.splice(layers.indexOf(layer), 1);
      keysChanged.value++;
    };
  }, []);
  useEffect(() => void keysChanged.value++, [names]);
}

/** The keys in view by group, for `?` and the settings. */
export function keysInView(): { group: string; keys: { ours: string; key: string; title: string }[] }[] {
  const found = new Map<string, Map<string, { ours: string; key: string; title: string }>>();
  for (const layer of [...layers].reverse()) {
    const group = found.get(layer.group) ?? new Map<string, { ours: string; key: string; title: string }>();
    for (const [ours, key] of Object.entries(layer.keys.current)) if (!group.has(ours)) group.set(ours, { ours, key: changedKeys.value[ours] ?? ours, title: key.title });
    found.set(layer.group, group);
  }
  return [...found].map(([group, keys]) => ({ group, keys: [...keys.values()] }));
}
