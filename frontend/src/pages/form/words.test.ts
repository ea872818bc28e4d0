import { expect, it } from "vitest";
import { duration, inGB } from "./words";

it("says times roughly", () => {
  expect([3.4, 22, 84, 130, 5400, 40000, 400000].map(duration)).toEqual(["3 s", "20 s", "85 s", "2 min", "1.5 h", "11 h", "5 days"]);
});
it("says sizes with their unit", () => {
  expect([0.0001, 0.042, 1, 59.62, 1234].map(inGB)).toEqual(["under 1 MB", "42 MB", "1 GB", "59.6 GB", "1,234 GB"]);
});
