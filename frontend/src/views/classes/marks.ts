// The marks of a selection: kept in the job's draft by iteration and class, with undo, so that a reload finds them again.
import { useMemo } from "preact/hooks";
import { useDraft, type Draft } from "../../parts/draft";
import type { Json } from "../../parts/history";

export interface Marks {
  marked: ReadonlySet<number>;
  draft: Draft;
  /** Mark or unmark classes of the iteration in view, as one step. */
  mark: (numbers: number[], on: boolean) => void;
  /** Exactly these are marked afterwards. */
  set: (numbers: Iterable<number>, title: string) => void;
  /** Marks of another iteration, to be carried over when asked. */
  elsewhere: { it: number; numbers: number[] } | null;
}

const keyOf = (it: number, index: number) => `${it}/${index}`;

/** All marks by iteration. */
function byIteration(values: ReadonlyMap<string, Json>): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const [key, value] of values) {
    const [it, index] = key.split("/").map(Number);
    if (value !== true || !Number.isInteger(it) || !Number.isInteger(index)) continue;
    found.set(it!, [...(found.get(it!) ?? []), index!]);
  }
  return found;
}

/** The marks of an iteration; it: -1 where there are no iterations. */
export function useMarks(job: string, it: number): Marks {
  const draft = useDraft(job, "classes");
  const all = useMemo(() => byIteration(draft.history.values), [draft.round, draft.ready, draft.history]);
  const marked = useMemo(() => new Set(all.get(it) ?? []), [all, it]);
  const others = [...all].filter(([other, numbers]) => other !== it && numbers.length).sort((a, b) => b[0] - a[0]);
  const set = (numbers: Iterable<number>, title: string) => {
    const wanted = new Set(numbers);
    const changes: Record<string, Json> = {};
    for (const index of marked) if (!wanted.has(index)) changes[keyOf(it, index)] = null;
    for (const index of wanted) changes[keyOf(it, index)] = true;
    draft.do(title, changes);
  };
  return {
    marked,
    draft,
    mark: (numbers, on) => draft.do(`${on ? "mark" : "unmark"} ${numbers.length === 1 ? `class ${numbers[0]}` : `${numbers.length} classes`}`, Object.fromEntries(numbers.map((index) => [keyOf(it, index), on || null]))),
    set,
    elsewhere: !marked.size && others[0] ? { it: others[0][0], numbers: others[0][1] } : null,
  };
}
