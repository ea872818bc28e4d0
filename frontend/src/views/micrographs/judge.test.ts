// Ranges and verdicts by hand decide as the selection job does, and 10,000 micrographs within a frame.
import { describe, expect, it } from "vitest";
import { choiceOf, closedRanges, judge, KEPT, KEPT_BY_HAND, listed, OUT_BY_HAND, OUT_BY_RANGE, sharedEnd, shortName, withFits } from "./judge";

const names = ["a.mrc", "b.mrc", "c.mrc", "d.mrc"];
const columns = { fit: Float64Array.from([3, 9, 5, NaN]), defocus: Float64Array.from([12000, 15000, 26000, 13000]) };

describe("verdicts", () => {
  it("take the limits in, and what is no number out", () => {
    const judged = judge(columns, names, { ranges: { fit: [null, 5], defocus: [null, null] }, by_hand: {}, fits: {} });
    expect([...judged.verdicts]).toEqual([KEPT, OUT_BY_RANGE, KEPT, OUT_BY_RANGE]);
    expect(judged).toMatchObject({ kept: 2, outByRange: 2, byHand: 0, outOf: { fit: 2, defocus: 0 } });
  });
  it("by hand beat ranges both ways", () => {
    const judged = judge(columns, names, { ranges: { fit: [null, 5], defocus: [10000, 20000] }, by_hand: { "a.mrc": "out", "b.mrc": "keep", "z.mrc": "out" }, fits: {} });
    expect([...judged.verdicts]).toEqual([OUT_BY_HAND, KEPT_BY_HAND, OUT_BY_RANGE, OUT_BY_RANGE]);
    expect(judged).toMatchObject({ kept: 1, outByRange: 2, byHand: 2, outByHand: 1, outOf: { fit: 2, defocus: 1 } });
  });
  it("use the values of what was fitted again", () => {
    const again = withFits(columns, names, { "b.mrc": { fit: 4, other: 1 }, "z.mrc": { fit: 1 } });
    expect([...again.fit!]).toEqual([3, 4, 5, NaN]);
    expect(columns.fit[1]).toBe(9);
  });
  it("come from a draft, over what is proposed", () => {
    const values = new Map<string, null | string | number[] | { fit: number }>([["range:fit", [1, 2]], ["hand:a:b.mrc", "out"], ["hand:c.mrc", "nonsense"], ["fit:a.mrc", { fit: 2 }]]);
    const choice = choiceOf(values as never, { fit: [null, 6], defocus: [null, null] });
    expect(choice).toEqual({ ranges: { fit: [1, 2], defocus: [null, null] }, by_hand: { "a:b.mrc": "out" }, fits: { "a.mrc": { fit: 2 } } });
    expect(closedRanges(choice.ranges)).toEqual({ fit: [1, 2] });
  });
});

describe("the list", () => {
  const judged = judge(columns, names, { ranges: { fit: [null, 5] }, by_hand: { "b.mrc": "keep" }, fits: {} });
  it("is filtered and sorted, what is no number last", () => {
    expect([...listed(judged, "all", new Set(), { values: columns.fit, down: true })]).toEqual([1, 2, 0, 3]);
    expect([...listed(judged, "kept", new Set(), null)]).toEqual([0, 1, 2]);
    expect([...listed(judged, "hand", new Set(), null)]).toEqual([1]);
    expect([...listed(judged, "out", new Set(), { values: names, down: false })]).toEqual([3]);
  });
});

it("10,000 micrographs are judged within a frame", () => {
  const count = 10_000;
  const many = Array.from({ length: count }, (_, row) => `movies/foil_${row}.mrc`);
  const values = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [name, Float64Array.from({ length: count }, (_, row) => (row * 7919) % 1000)]));
  const choice = { ranges: Object.fromEntries(Object.keys(values).map((name) => [name, [null, 900] as [null, number]])), by_hand: { [many[5]!]: "out" as const }, fits: {} };
  judge(values, many, choice);
  const began = performance.now();
  for (let round = 0; round < 10; round++) judge(values, many, choice);
  expect((performance.now() - began) / 10).toBeLessThan(16);
});

it("an end that all names share is left out", () => {
  expect(sharedEnd(["m/a_00021_frameImage.mrc", "m/a_00022_frameImage.mrc"])).toBe("_frameImage");
  expect(sharedEnd(["m/foil_1142.mrc", "m/foil_2142.mrc"])).toBe("");
  expect(sharedEnd(["m/one.mrc"])).toBe("");
});

it("names are short", () => expect(shortName("MotionCorr/job002/GridSquare_07/foil_1142.mrc")).toBe("foil_1142"));
