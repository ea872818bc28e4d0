// Edits of picks: what stays, what is counted, and the answer that says it.
import { describe, expect, it } from "vitest";
import { addKey, answerOf, byPlace, countAll, cutKey, doneKey, histogram, limitKey, nearest, NO_LIMITS, picksOf, scoreRange, sortEdits, withinLimits } from "./edits";

const older = { x: [10, 30, 60], y: [10, 10, 50], score: [1, 0.5, null] };
const values = new Map<string, never>([
  [addKey("a|b.mrc", "n1"), [5, 6] as never],
  [cutKey("a|b.mrc", 30, 10), 0.5 as never],
  [doneKey("a|b.mrc"), true as never],
  [limitKey("least"), 0.4 as never],
]);

describe("edits", () => {
  const { edits, limits } = sortEdits(values);
  const own = edits.get("a|b.mrc");
  it("are sorted by micrograph, whatever its name", () => {
    expect(limits).toEqual({ least: 0.4, most: null, distance: null });
    expect(own?.done).toBe(true);
    expect([...own!.added.values()]).toEqual([[5, 6]]);
  });
  it("leave older picks and those added", () => {
    expect(picksOf(older, own, limits, 1).map((pick) => [pick.x, pick.y, pick.added, pick.kept])).toEqual([[10, 10, false, true], [60, 50, false, true], [5, 6, true, true]]);
    expect(picksOf(older, undefined, { ...NO_LIMITS, least: 2 }, 1).map((pick) => pick.kept)).toEqual([false, false, true]);
  });
  it("are counted as they are drawn", () => {
    const scores = new Float32Array([1, 0.5, NaN, 0.1, 0.6]);
    expect([...countAll(["a|b.mrc", "c.mrc"], [3, 2], scores, edits, limits)]).toEqual([3, 1]);
    expect([...countAll(["a|b.mrc", "c.mrc"], [3, 2], scores, edits, { ...NO_LIMITS, least: 0.55 })]).toEqual([3, 1]);
    expect([...countAll(["a|b.mrc", "c.mrc"], [3, 2], scores, new Map(), { ...NO_LIMITS, most: 0.55 })]).toEqual([2, 1]);
  });
  it("become the answer", () => {
    expect(answerOf(edits, limits)).toEqual({
      micrographs: { "a|b.mrc": { added: [[5, 6]], removed: [[30, 10]], done: true } },
      threshold: { least: 0.4, most: null, min_distance_A: null },
    });
  });
});

describe("places", () => {
  it("of two that are too close the better stays", () => {
    expect(withinLimits([0, 8, 30], [0, 0, 0], [1, 2, 0], NO_LIMITS, 10)).toEqual([false, true, true]);
    expect(withinLimits([0, 8, 16], [0, 0, 0], [3, 2, 1], NO_LIMITS, 10)).toEqual([true, false, true]);
  });
  it("are found by hand and by key", () => {
    const picks = picksOf(older, undefined, NO_LIMITS, 1);
    expect(nearest(picks, 29, 12, 5)?.x).toBe(30);
    expect(nearest(picks, 45, 30, 5)).toBeUndefined();
    expect(byPlace(picks, 20).map((pick) => pick.x)).toEqual([10, 30, 60]);
  });
  it("have a range that one wild score does not stretch", () => {
    const scores = Float32Array.from({ length: 1000 }, (_, n) => (n === 7 ? 900 : n / 1000));
    expect(scoreRange(scores)[1]).toBeLessThan(1);
    expect(scoreRange(new Float32Array([NaN, -999]))).toEqual([0, 0]);
  });
  it("are shown as a histogram", () => {
    expect([...histogram(new Float32Array([0, 0.1, 0.9, 1, NaN]), 0, 1, 2)]).toEqual([2, 2]);
  });
});
