// Sizes and dumps of files.
import { expect, test } from "vitest";
import { dump, size } from "./fileWords";

test("sizes have three digits at most and a unit", () => {
  expect([0, 999, 1000, 123456, 64_000_000, 2.5e12].map(size)).toEqual(["0 bytes", "999 bytes", "1.0 kB", "123 kB", "64.0 MB", "2.5 TB"]);
});

test("a dump shows offset, bytes and plain text; what is no text is a dot", () => {
  const data = new TextEncoder().encode("<script>\n\u0000\u00e9xyz");
  expect(dump(data, 16)[0]).toBe("00000010  3c 73 63 72 69 70 74 3e  0a 00 c3 a9 78 79 7a     <script>....xyz");
});
