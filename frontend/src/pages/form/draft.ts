// The draft of a form: what the user changed, kept in this browser for each job type, so that looking elsewhere costs nothing.
import { projectName } from "../../app/place";

interface Draft {
  values: Record<string, string>;
  when: number;
}

const LASTS_MS = 12 * 3600 * 1000;
const key = (type: string) => `vitreous.draft.${projectName.value}.${type}`;

/** What was changed in an unsent form of this type; nothing once it is half a day old. */
export function keptDraft(type: string, now = Date.now()): Draft | null {
  try {
    const draft = JSON.parse(localStorage.getItem(key(type)) ?? "null") as Draft | null;
    return draft && now - draft.when < LASTS_MS && Object.keys(draft.values).length ? draft : null;
  } catch {
    return null;
  }
}

export function keepDraft(type: string, values: Record<string, string>): void {
  if (Object.keys(values).length) localStorage.setItem(key(type), JSON.stringify({ values, when: Date.now() }));
  else localStorage.removeItem(key(type));
}

/** The settings whose values differ from those that a form opened with. */
export function differing(values: Record<string, string>, base: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => base[name] !== value));
}
