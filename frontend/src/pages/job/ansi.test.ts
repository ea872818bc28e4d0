import { describe, expect, it } from "vitest";
import { plainOf, runsOf } from "./ansi";

describe("a line of a terminal", () => {
  it("keeps colours as classes", () => {
    expect(runsOf("a \x1b[31mred\x1b[0m end")).toEqual([
      { text: "a ", class: "" },
      { text: "red", class: "ansi-red" },
      { text: " end", class: "" },
    ]);
    expect(runsOf("\x1b[1;93mwarn")).toEqual([{ text: "warn", class: "ansi-yellow ansi-bold" }]);
  });
  it("passes over colours of 256, moves of the cursor and titles", () => {
    expect(runsOf("\x1b[38;5;200mx\x1b[2K\x1b]0;title\x07y")).toEqual([{ text: "x", class: "" }, { text: "y", class: "" }]);
  });
  it("leaves markup as text", () => {
    expect(runsOf("<b>\x1b[31m<script>")[1]).toEqual({ text: "<script>", class: "ansi-red" });
    expect(plainOf("\x1b[32mok\x1b[0m\x07")).toBe("ok");
  });
});
