import { describe, expect, it } from "vitest";
import { aliasFault } from "./aliasRules";

describe("the name of a job", () => {
  it("may hold blanks and letters of any alphabet, or be taken away", () => {
    for (const good of ["best yet", "β-gal", "", "  ", "none", "2D_round-2.b"]) expect(aliasFault(good)).toBe("");
  });
  it("must not hold what RELION refuses", () => {
    expect(aliasFault("<img src=x onerror=alert(1)>")).toContain("<");
    for (const bad of ["a", "job7", "a/b", "it's", "x".repeat(241)]) expect(aliasFault(bad)).not.toBe("");
  });
});
