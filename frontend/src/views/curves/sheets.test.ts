import { expect, test } from "vitest";
import { angstrom, lay, shared, type Sheet } from "./sheets";

const sheet = (kind: string, resolution_A: number): Sheet => ({
  kind,
  title: "FSC",
  x: { name: "Spatial frequency", unit: "1/Å", kind: "resolution", low: 0, high: null, reversed: false },
  y: { name: "Correlation", unit: "", kind: "plain", low: -0.05, high: 1.02, reversed: false },
  right: null,
  curves: [
    { name: "corrected", unit_x: "1/Å", unit_y: "", x: [0, 0.2], y: [1, 0.1], crossings: [{ threshold: 0.143, at: 0.19, value: 0.2, resolution_A }], right: false, style: "line" },
    { name: "masked", unit_x: "1/Å", unit_y: "", x: [0, 0.2], y: [1, 0.2], crossings: [], right: false, style: "line" },
  ],
  thresholds: [{ axis: "y", at: 0.143, label: "0.143" }],
  events: [],
  figures: [],
  sentence: "",
});

test("one sheet keeps all curves and labels the first crossing as the server says it", () => {
  const laid = lay([{ name: "", sheet: sheet("fsc", 4.7407) }]);
  expect(laid.curves.map((curve) => curve.name)).toEqual(["corrected", "masked"]);
  expect(laid.crossings).toEqual([{ x: 0.19, y: 0.2, label: "4.74 Å" }]);
  expect(laid.marks[0]!.label).toBe("0.143");
});

test("two jobs are laid over one another with a colour and a label each", () => {
  const pairs = shared([{ name: "009", sheets: [sheet("fsc", 5.2), sheet("ssnr", 1)] }, { name: "012", sheets: [sheet("fsc", 12.34)] }]);
  const laid = lay(pairs[0]!.sheets);
  expect(laid.curves.map((curve) => [curve.name, curve.token])).toEqual([["009 · corrected", "--s1"], ["012 · corrected", "--s2"]]);
  expect(laid.crossings.map((one) => one.label)).toEqual(["5.20 Å", "12.3 Å"]);
  expect(pairs[1]!.sheets.length).toBe(1);
});

test("resolutions carry two figures after the point where they matter", () => {
  expect(angstrom(3.033)).toBe("3.03 Å");
});
