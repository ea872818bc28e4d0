import { describe, expect, it } from "vitest";
import { isFirst, whyGrey } from "./visible";

const field = (name: string, more = {}) => ({ name, label: name, usual: false, when: "", default: "1", required: false, ...more });
const fields = new Map([field("mask", { usual: true, default: "No" }), field("edge", { when: "mask" }), field("depth"), field("soft", { when: "edge" })].map((one) => [one.name, one]));
const shown = (name: string, values: Record<string, string>, faulty = (_: string) => false) => isFirst(fields.get(name)!, values, fields, faulty);

describe("the settings that are shown first", () => {
  it("are the usual ones, and those that are not at their default", () => {
    expect(shown("mask", { mask: "No" })).toBe(true);
    expect(shown("depth", { depth: "1" })).toBe(false);
    expect(shown("depth", { depth: "2" })).toBe(true);
  });
  it("are those of a switch when it is on, and those that are wrong in any case", () => {
    expect(shown("edge", { mask: "No", edge: "1" })).toBe(false);
    expect(shown("edge", { mask: "Yes", edge: "1" })).toBe(true);
    expect(shown("edge", { mask: "No", edge: "x" }, (name) => name === "edge")).toBe(true);
  });
});

describe("a grey setting", () => {
  it("names its switch, and is not grey when that is on", () => {
    expect(whyGrey(fields.get("edge")!, { mask: "No" }, fields)).toBe("needs “mask”");
    expect(whyGrey(fields.get("edge")!, { mask: "Yes" }, fields)).toBe("");
  });
});
