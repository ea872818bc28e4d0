// Draws a picture's levels and the keyboard's cross on canvases.
import type { Schema } from "../api/client";
import type { PictureTiles } from "./pictureTiles";
import { tilesInView, toScreen, type Level, type Size, type View } from "./pictureView";

/** What an overlay needs to draw marks; lengths in screen pixels (CSS). */
export interface Paint {
  context: CanvasRenderingContext2D;
  /** Screen pixels to one image pixel. */
  zoom: number;
  screen: Size;
  image: Size;
  pixelSizeA: number;
  /** The place on the screen of an image pixel. */
  at: (x: number, y: number) => [number, number];
}

interface Where {
  view: View;
  screen: Size;
  density: number;
}

/** The context of a canvas made as large as its place, empty, in screen pixels. */
export function sized(canvas: HTMLCanvasElement, screen: Size, density: number): CanvasRenderingContext2D {
  const [width, height] = [Math.round(screen.width * density), Math.round(screen.height * density)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d")!;
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, screen.width, screen.height);
  return context;
}

/** The first picture, over it the tiles of each level that are there, coarse before fine. */
export function drawPicture(context: CanvasRenderingContext2D, tiles: PictureTiles | undefined, info: Schema<"ImageInfo">, wanted: Level | undefined, where: Where): void {
  const first = tiles?.first;
  if (!tiles || !first) return;
  const { view, screen, density } = where;
  context.save();
  const [left, top] = toScreen(view, screen, 0, 0);
  context.beginPath();
  context.rect(left, top, info.width * view.zoom, info.height * view.zoom);
  context.clip();
  const place = (picture: ImageBitmap, x: number, y: number, block: number) => {
    context.imageSmoothingEnabled = view.zoom * density * block < 4;
    const [sx, sy] = toScreen(view, screen, x, y);
    context.drawImage(picture, sx, sy, picture.width * block * view.zoom, picture.height * block * view.zoom);
  };
  // The first picture is drawn by the block that it was made with: its last pixels reach over the edge.
  place(first, 0, 0, Math.max(info.first.width / first.width, 1) * info.first.block);
  for (const level of info.levels) {
    if (!wanted || level.block < wanted.block) break;
    const side = info.tile_px * level.block;
    for (const tile of tilesInView(level, info.tile_px, view, screen)) {
      const picture = tiles.tile(tile);
      if (picture) place(picture, tile.x * side, tile.y * side, level.block);
    }
  }
  context.restore();
}

/** A cross over the whole screen, open in the middle; white with a dark edge, so that it is seen on any ground. */
export function drawCross(context: CanvasRenderingContext2D, at: [number, number], screen: Size): void {
  const [x, y] = at;
  for (const [width, colour] of [[3, "rgb(0 0 0 / .7)"], [1, "#fff"]] as const) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.beginPath();
    for (const [x0, y0, x1, y1] of [[0, y, x - 6, y], [x + 6, y, screen.width, y], [x, 0, x, y - 6], [x, y + 6, x, screen.height]] as const) {
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
    }
    context.stroke();
  }
}
