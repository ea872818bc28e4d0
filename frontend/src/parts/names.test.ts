// Names in lists.
import { describe, expect, it } from "vitest";
import { tellingNames } from "./names";

describe("telling names", () => {
  it("leaves short names alone", () => expect(tellingNames(["a/movie_00001.mrc", "a/movie_00002.mrc"])).toEqual(["movie_00001", "movie_00002"]));
  it("leaves out what all share", () => expect(tellingNames(["20170629_00021_frameImage.mrc", "20170629_00022_frameImage.mrc"])).toEqual(["20170629_00021", "20170629_00022"]));
  it("leaves out the beginning, too, where the rest is still long", () =>
    expect(tellingNames(["GridSquare_1234567_Data_FoilHole_01_x.mrc", "GridSquare_1234567_Data_FoilHole_02_x.mrc"])).toEqual(["01", "02"]));
  it("keeps names that are all the same", () => expect(tellingNames(["a/aaaaaaaaaaaaaaaaaaaaaaa_b.mrc", "c/aaaaaaaaaaaaaaaaaaaaaaa_b.mrc"]).every(Boolean)).toBe(true));
});
