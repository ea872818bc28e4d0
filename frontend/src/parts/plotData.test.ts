import { expect, test } from "vitest";
import { aligned, asCsv, figure, inAngstrom, resolutionTicks, valuesAt } from "./plotData";

test("curves of different places share one axis, and gaps stay gaps", () => {
  const [x, a, b] = aligned([{ name: "a", x: [0, 2], y: [1, Number.NaN] }, { name: "b", x: [1, 2], y: [5, 6] }]);
  expect(x).toEqual([0, 1, 2]);
  expect(a).toEqual([1, undefined, null]);
  expect(b).toEqual([undefined, 5, 6]);
});

test("a resolution axis is labelled in even steps of 1/Å", () => {
  expect(resolutionTicks(0, 0.5).map(inAngstrom)).toEqual(["∞", "10", "5", "3.33", "2.5", "2"]);
  expect(resolutionTicks(0, 0).length).toBe(0);
  expect(resolutionTicks(0, 0.14).length).toBeLessThanOrEqual(8);
});

test("the readout takes the nearest place, and a neighbour where a curve has no point", () => {
  const data = aligned([{ name: "a", x: [0, 1, 2], y: [3, 4, 5] }, { name: "b", x: [0, 2], y: [7, 8] }]);
  expect(valuesAt(data, 1.2)).toEqual({ x: 1, values: [4, 7] });
});

test("saved text has Å beside 1/Å and quotes names with commas", () => {
  const text = asCsv([{ name: "FSC, masked", x: [0, 0.25], y: [1, 0.143] }], { name: "Spatial frequency", unit: "1/Å", kind: "resolution" });
  expect(text.split("\n")).toEqual(['Spatial frequency (1/Å),Resolution (Å),"FSC, masked"', "0,,1", "0.25,4,0.143", ""]);
});

test("numbers are short", () => {
  expect(figure(142684)).toBe("142,684");
  expect(figure(0.14312)).toBe("0.1431");
  expect(figure(null)).toBe("–");
  expect(figure(2.5e-6)).toBe("2.50e-6");
});
