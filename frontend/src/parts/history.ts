// An answer in the making: values by key, and the steps that made them, which can be undone and done again (1,000 and more).
// Pure; parts/draft.ts keeps it on the server.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** One stroke of the user: for each key that it changed what stood there before and stands after; null: nothing. */
export interface Step {
  title: string;
  changes: [key: string, before: Json, after: Json][];
}

export const MOST_STEPS = 2000;
/** Strokes of one hand, such as the pull of a slider, that follow each other so soon are one step. */
const SAME_STROKE_MS = 1200;

export class History {
  readonly values = new Map<string, Json>();
  private steps: Step[] = [];
  private at = 0;
  /** Keys whose values have changed since they were last taken for saving. */
  private dirty = new Set<string>();
  /** The first step that was not saved yet. */
  private unsaved = 0;

  get canUndo(): boolean {
    return this.at > 0;
  }
  get canRedo(): boolean {
    return this.at < this.steps.length;
  }
  /** The step that undo would take back. */
  get last(): Step | undefined {
    return this.steps[this.at - 1];
  }
  /** Steps that stand. */
  get length(): number {
    return this.at;
  }

  value(key: string): Json {
    return this.values.get(key) ?? null;
  }

  /** Make a step; null takes a key away. Steps that were undone are forgotten. Gives whether anything changed.
   * pull: a word for what is pulled along, of which only the first and the last value are a step. */
  do(title: string, changes: Record<string, Json> | Map<string, Json>, pull = ""): boolean {
    const entries = changes instanceof Map ? [...changes] : Object.entries(changes);
    const real = entries.map(([key, after]) => [key, this.value(key), after] as Step["changes"][number]).filter(([, before, after]) => !same(before, after));
    if (!real.length) return false;
    const joins = pull !== "" && this.pulled.word === pull && Date.now() - this.pulled.at < SAME_STROKE_MS && !this.canRedo;
    this.pulled = { word: pull, at: Date.now() };
    if (joins && this.lengthen(real)) return true;
    this.steps.length = this.at;
    this.steps.push({ title, changes: real });
    this.at++;
    if (this.steps.length > MOST_STEPS) {
      this.steps.shift();
      this.at--;
      this.unsaved = 0;
    } else this.unsaved = Math.min(this.unsaved, this.at - 1);
    for (const [key, , after] of real) this.set(key, after);
    return true;
  }

  /** Let the last step end in these values; only where it is about the same keys. */
  private lengthen(real: Step["changes"]): boolean {
    const step = this.last;
    if (!step || step.changes.length !== real.length || !real.every(([key], n) => step.changes[n]![0] === key)) return false;
    real.forEach(([, , after], n) => (step.changes[n]![2] = after));
    for (const [key, , after] of real) this.set(key, after);
    this.unsaved = Math.min(this.unsaved, this.at - 1);
    return true;
  }

  undo(): Step | undefined {
    const step = this.steps[this.at - 1];
    if (!step) return undefined;
    this.pulled = { word: "", at: 0 };
    this.at--;
    for (const [key, before] of [...step.changes].reverse()) this.set(key, before);
    return step;
  }

  redo(): Step | undefined {
    const step = this.steps[this.at];
    if (!step) return undefined;
    this.at++;
    for (const [key, , after] of step.changes) this.set(key, after);
    return step;
  }

  /** Values that came from another browser; they are no step of ours. */
  take(others: Record<string, Json>): void {
    for (const [key, value] of Object.entries(others)) {
      if (value === null) this.values.delete(key);
      else this.values.set(key, value);
      this.dirty.delete(key);
    }
  }

  /** Begin anew with what was kept. */
  load(values: Record<string, Json>, steps: Step[], at: number): void {
    this.values.clear();
    this.take(values);
    this.steps = steps;
    this.at = Math.min(at, steps.length);
    this.unsaved = steps.length;
    this.dirty.clear();
  }

  /** What is to be saved, or undefined; from now on it counts as saved. */
  unsavedChanges(): { ops: Record<string, Json>; state: { first: number; steps: Step[]; at: number } } | undefined {
    if (!this.dirty.size && this.unsaved >= this.steps.length && !this.moved) return undefined;
    const ops: Record<string, Json> = {};
    for (const key of this.dirty) ops[key] = this.value(key);
    const state = { first: this.unsaved, steps: this.steps.slice(this.unsaved), at: this.at };
    this.dirty = new Set();
    this.unsaved = this.steps.length;
    this.moved = false;
    return { ops, state };
  }

  /** What was taken for saving did not arrive: it is to be saved again. */
  notSaved(ops: Record<string, Json>, first: number): void {
    for (const key of Object.keys(ops)) this.dirty.add(key);
    this.unsaved = Math.min(this.unsaved, first);
    this.moved = true;
  }

  private moved = false;
  private pulled = { word: "", at: 0 };

  private set(key: string, value: Json): void {
    if (value === null) this.values.delete(key);
    else this.values.set(key, value);
    this.dirty.add(key);
    this.moved = true;
  }
}

function same(one: Json, other: Json): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
