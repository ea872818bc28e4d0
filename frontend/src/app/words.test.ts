import { describe, expect, it } from "vitest";
import { middle, shortKey, size, span, when } from "./words";

describe("words", () => {
  const now = new Date(2026, 10, 20, 12, 36);
  it("says when in the shortest form that is clear", () => {
    expect(when(new Date(2026, 10, 20, 9, 5).getTime() / 1000, now)).toBe("today 09:05");
    expect(when(new Date(2026, 10, 19, 23, 59).getTime() / 1000, now)).toBe("yesterday 23:59");
    expect(when(new Date(2026, 0, 2).getTime() / 1000, now)).toBe("2 Jan");
    expect(when(new Date(2019, 6, 31).getTime() / 1000, now)).toBe("31 Jul 2019");
    expect(when(0, now)).toBe("");
  });
  it("gives spans without false precision", () => {
    expect(span(12)).toBe("under a min");
    expect(span(541)).toBe("9 min");
    expect(span(7500)).toBe("2 h 5 min");
    expect(span(86400 * 3)).toBe("3 days");
  });
  it("shortens key numbers", () => {
    expect(shortKey("121,903 particles")).toBe("122 k");
    expect(shortKey("1,452 particles")).toBe("1,452");
    expect(shortKey("3.2 Å")).toBe("3.2 Å");
    expect(shortKey("20 classes")).toBe("20 classes");
  });
  it("writes sizes and cuts paths in the middle", () => {
    expect(size(1800)).toBe("1.8 TB");
    expect(size(0.64)).toBe("640 MB");
    expect(middle("Class2D/job006/run_it200_classes.mrcs", 20)).toHaveLength(20);
  });
});
