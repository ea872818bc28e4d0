import { describe, expect, it } from "vitest";
import { planeOf } from "./slotPlane";
import { beyond, limitsOf } from "./fieldWords";
import { about, ago, where } from "./slotWords";

describe("a plane", () => {
  it("is grey from its lowest to its highest value", () => {
    const answer = new ArrayBuffer(32 + 8);
    const view = new DataView(answer);
    view.setInt32(0, 2, true);
    view.setInt32(4, 2, true);
    [100, 300, 200, 100].forEach((value, i) => view.setUint16(32 + 2 * i, value, true));
    const plane = planeOf(answer);
    expect([plane.width, plane.height]).toEqual([2, 2]);
    expect([0, 1, 2, 3].map((i) => plane.rgba[4 * i])).toEqual([0, 255, 128, 0]);
    expect(plane.rgba[3]).toBe(255);
  });
});

describe("words of an offer", () => {
  const offer = { path: "Extract/job005/particles.star", name: "Extract/job005", alias: "", count: 187440, unit: "particles", box: 128, pixel_size_A: 0.885, ready: true };
  it("say what is in it and where it is from", () => {
    expect(about(offer)).toBe("187,440 particles, 128 px, 0.885 Å/px");
    expect(about({ ...offer, count: undefined, ready: false })).toBe("128 px, 0.885 Å/px, not made yet");
    expect(where(offer)).toBe("Extract/job005 · particles.star");
    expect(where({ ...offer, alias: "round 1" })).toBe("round 1 · job005 · particles.star");
  });
  it("say its age roughly", () => {
    expect([10, 600, 7200, 300000].map((s) => ago(1e6 - s, 1e6))).toEqual(["just now", "10 min ago", "2 h ago", "3 days ago"]);
  });
});

describe("limits", () => {
  const field = { kind: "float", unit: "Å", low: 1, high: 20, minimum: 0.5, maximum: undefined };
  it("are told, and what lies outside the usual is warned of", () => {
    expect(limitsOf(field)).toBe("usually 1 to 20 Å; must be 0.5 Å or more");
    expect(beyond(field, "25")).toBe("above the usual 20 Å; it is taken as it stands");
    expect(beyond(field, "0.7")).toContain("below the usual 1 Å");
    expect(["5", "", "abc", "-1"].map((text) => beyond(field, text))).toEqual([undefined, undefined, undefined, undefined]);
  });
});
