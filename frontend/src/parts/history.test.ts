// Undo and redo of many steps, what is saved of them, and what others change meanwhile.
import { describe, expect, it } from "vitest";
import { History, MOST_STEPS, type Step } from "./history";

describe("history", () => {
  it("undoes and does again more than a thousand steps", () => {
    const history = new History();
    for (let n = 0; n < 1500; n++) history.do("mark", { [`k${n % 7}`]: n });
    expect(history.value("k3")).toBe(1494);
    for (let n = 0; n < 1500; n++) expect(history.undo()).toBeDefined();
    expect(history.values.size).toBe(0);
    expect(history.canUndo).toBe(false);
    for (let n = 0; n < 1500; n++) history.redo();
    expect(history.value("k3")).toBe(1494);
  });
  it("is bounded", () => {
    const history = new History();
    for (let n = 0; n < MOST_STEPS + 50; n++) history.do("mark", { a: n });
    expect(history.length).toBe(MOST_STEPS);
  });
  it("forgets what was undone once something else is done", () => {
    const history = new History();
    history.do("one", { a: 1 });
    history.do("two", { a: 2 });
    history.undo();
    history.do("three", { b: 3 });
    expect(history.canRedo).toBe(false);
    expect([history.value("a"), history.value("b")]).toEqual([1, 3]);
  });
  it("makes no step of nothing", () => {
    const history = new History();
    expect(history.do("one", { a: [1, 2] })).toBe(true);
    expect(history.do("again", { a: [1, 2] })).toBe(false);
    expect(history.length).toBe(1);
  });
  it("takes the pull of a slider for one step", () => {
    const history = new History();
    history.do("limit", { a: 1 }, "a");
    history.do("limit", { a: 2 }, "a");
    history.do("limit", { a: 3 }, "a");
    history.do("limit", { b: 3 }, "b");
    expect(history.length).toBe(2);
    history.undo();
    history.undo();
    expect(history.values.size).toBe(0);
    history.redo();
    expect(history.value("a")).toBe(3);
  });
  it("comes back from what was saved piece by piece", () => {
    const history = new History();
    const kept: { steps: Step[]; at: number; values: Record<string, never> } = { steps: [], at: 0, values: {} };
    const save = () => {
      const said = history.unsavedChanges();
      if (!said) return;
      kept.steps = [...kept.steps.slice(0, said.state.first), ...said.state.steps];
      kept.at = said.state.at;
      for (const [key, value] of Object.entries(said.ops)) if (value === null) delete kept.values[key]; else kept.values[key] = value as never;
    };
    for (let n = 0; n < 5; n++) {
      history.do(`step ${n}`, { [`k${n}`]: n });
      save();
    }
    history.undo();
    history.undo();
    save();
    history.do("other", { z: 1 });
    save();
    expect(history.unsavedChanges()).toBeUndefined();
    const again = new History();
    again.load(kept.values, kept.steps, kept.at);
    expect([...again.values.keys()].sort()).toEqual(["k0", "k1", "k2", "z"]);
    expect(again.undo()?.title).toBe("other");
    expect(again.undo()?.title).toBe("step 2");
    expect([...again.values.keys()].sort()).toEqual(["k0", "k1"]);
  });
  it("takes what others did without making it a step", () => {
    const history = new History();
    history.do("mine", { a: 1 });
    history.unsavedChanges();
    history.take({ b: 2, c: null });
    expect(history.unsavedChanges()).toBeUndefined();
    history.undo();
    expect(history.value("b")).toBe(2);
  });
});
