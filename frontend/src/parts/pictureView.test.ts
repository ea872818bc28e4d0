// The arithmetic of a picture's view.
import { describe, expect, it } from "vitest";
import { fitView, heldView, levelFor, scaleBar, tilesInView, toImage, toneFilter, toScreen, zoomAt } from "./pictureView";

const image = { width: 4000, height: 3000 };
const screen = { width: 800, height: 800 };

describe("a view", () => {
  it("fits the whole picture", () => {
    const view = fitView(image, screen);
    expect(view).toEqual({ x: 2000, y: 1500, zoom: 0.2 });
    expect(toScreen(view, screen, 0, 0)).toEqual([0, 100]);
  });
  it("goes to the screen and back", () => {
    const view = { x: 123, y: 45, zoom: 1.7 };
    const [x, y] = toImage(view, screen, ...toScreen(view, screen, 77, 88));
    expect(x).toBeCloseTo(77);
    expect(y).toBeCloseTo(88);
  });
  it("keeps the point under the pointer while zooming", () => {
    const view = fitView(image, screen);
    const before = toImage(view, screen, 100, 300);
    const after = toImage(zoomAt(view, screen, 3, [100, 300]), screen, 100, 300);
    expect(after[0]).toBeCloseTo(before[0]);
    expect(after[1]).toBeCloseTo(before[1]);
  });
  it("does not lose the picture", () => {
    expect(heldView({ x: -9999, y: 99999, zoom: 1 }, image, screen)).toEqual({ x: 400, y: 2600, zoom: 1 });
    expect(heldView({ x: 0, y: 0, zoom: 1e-9 }, image, screen).zoom).toBeCloseTo(0.1);
  });
});

describe("levels and tiles", () => {
  const levels = [2, 1, 0].map((level) => ({ level, block: 2 ** level, width: Math.ceil(11520 / 2 ** level), height: Math.ceil(8184 / 2 ** level) }));
  it("takes the coarsest that is sharp, or the finest", () => {
    expect(levelFor(levels, 12, 0.05, 1)).toBeUndefined();
    expect(levelFor(levels, 12, 0.25, 1)?.block).toBe(4);
    expect(levelFor(levels, 12, 0.3, 1)?.block).toBe(2);
    expect(levelFor(levels, 12, 8, 2)?.block).toBe(1);
    expect(levelFor([], 4, 8, 1)).toBeUndefined();
  });
  it("asks only for what is seen, the middle first", () => {
    const seen = tilesInView(levels[2]!, 512, { x: 256, y: 256, zoom: 1 }, screen);
    expect(seen.map((tile) => [tile.x, tile.y])).toEqual([[0, 0], [1, 0], [0, 1], [1, 1]]);
    expect(tilesInView(levels[0]!, 512, { x: 5760, y: 4092, zoom: 0.05 }, screen).length).toBe(6 * 4);
  });
});

describe("scale bar and tone", () => {
  it("is round and in Å or nm", () => {
    expect(scaleBar(0.2, 1, 800)).toEqual({ px: 100, words: "50 nm" });
    expect(scaleBar(8, 1, 800).words).toBe("20 Å");
    expect(scaleBar(0.2, 0, 800).words).toBe("500 px");
  });
  it("maps the limits to black and white", () => {
    const read = (words: string) => [...words.matchAll(/\(([\d.]+)\)/g)].map((found) => Number(found[1]));
    const [bright, contrast] = read(toneFilter(-3, 2, false)) as [number, number];
    const tone = (sd: number) => contrast * bright * ((sd + 6) / 12) + 0.5 - 0.5 * contrast;
    expect(tone(-3)).toBeCloseTo(0, 2);
    expect(tone(2)).toBeCloseTo(1, 2);
  });
});
