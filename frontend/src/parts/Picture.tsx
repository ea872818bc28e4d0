// A micrograph or any large picture on a canvas: drag pans, wheel, pinch or Z zooms, double click fits; with marks over it and a cross for the keyboard.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { get, type Schema } from "../api/client";
import { Icon } from "./Icon";
import { drawPicture, drawCross, sized, type Paint } from "./pictureDraw";
import { usePointers, type Gesture } from "./picturePointers";
import { look } from "./pictureLook";
import { PictureTiles, type PictureAsked } from "./pictureTiles";
import { fitView, heldView, levelFor, scaleBar, tilesInView, toneFilter, toScreen, zoomAt, type Size, type View } from "./pictureView";
import "./picture.css";

export type { Gesture, Paint };

export interface PictureHandle {
  /** Bring an image pixel into sight, the cross on it. */
  show: (x: number, y: number) => void;
  fit: () => void;
  /** Zoom by a factor about the middle. */
  zoom: (factor: number) => void;
  oneToOne: () => void;
  redraw: () => void;
}

interface Props {
  /** What is shown. Low-pass and high-pass are those of the common look, unless `plain`. */
  asked: PictureAsked;
  plain?: boolean;
  /** What is seen, for those who do not see it. */
  label: string;
  /** Draws marks over the picture, each time it is drawn; coordinates by paint.at(x, y) from image pixels. */
  overlay?: (paint: Paint) => void;
  /** Takes a press or drag when it gives true; otherwise the picture pans. */
  gesture?: (gesture: Gesture) => boolean;
  /** With a cross, moved by the arrows; `press` takes other keys (Enter, Tab, Delete) where the cross stands. */
  press?: (key: string, at: { x: number; y: number }, event: KeyboardEvent) => boolean;
  handle?: { current: PictureHandle | null };
  cursor?: string;
  /** Where the file is missing: the marks are drawn on an empty field of this size. */
  fallback?: Size;
  /** Told once what the picture is. */
  onInfo?: (info: Schema<"ImageInfo">) => void;
  children?: ComponentChildren;
}

export function Picture(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const image = useRef<HTMLCanvasElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  const [screen, setScreen] = useState<Size>({ width: 0, height: 0 });
  const [read, setInfo] = useState<Schema<"ImageInfo">>();
  const [fault, setFault] = useState("");
  const [slow, setSlow] = useState(false);
  const [, drawn] = useState(0);
  const [focused, setFocused] = useState(false);
  const state = useRef({ view: { x: 0, y: 0, zoom: 1 } as View, fitted: true, tiles: undefined as PictureTiles | undefined, path: "", cross: { x: 0, y: 0 } });
  const now = state.current;
  const info = fault && props.fallback ? emptyField(props.fallback, props.asked.pixel ?? 0) : read;
  const { lowpass, highpass, sigma, shift, invert } = look.value;
  const asked: PictureAsked = props.plain ? props.asked : { ...props.asked, lowpass, highpass };
  const key = JSON.stringify(asked);
  const redraw = () => drawn((n) => n + 1);

  useLayoutEffect(() => {
    const watch = new ResizeObserver(([entry]) => entry && setScreen({ width: entry.contentRect.width, height: entry.contentRect.height }));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);

  useEffect(() => {
    const stop = new AbortController();
    const late = setTimeout(() => setSlow(true), 2000);
    const newFile = now.path !== `${asked.path} ${asked.frame ?? ""}`;
    const tiles = new PictureTiles(asked, () => {
      if (tiles.first && now.tiles !== tiles) {
        now.tiles?.close();
        now.tiles = tiles;
        clearTimeout(late);
        setSlow(false);
      }
      if (tiles.fault) setFault(tiles.fault);
      redraw();
    });
    if (newFile) {
      now.tiles?.close();
      now.tiles = undefined;
      setFault("");
    }
    get<Schema<"ImageInfo">>("image/info", { ...asked }, stop.signal).then(
      (said) => {
        if (said.fault) {
          now.path = "";
          return setFault(said.fault);
        }
        void tiles.begin(said.tag);
        if (newFile) props.onInfo?.(said);
        if (!read || said.width !== read.width || said.height !== read.height) {
          now.fitted = true;
          now.cross = { x: said.width / 2, y: said.height / 2 };
        }
        now.path = `${asked.path} ${asked.frame ?? ""}`;
        setFault("");
        setInfo(said);
      },
      (error: unknown) => !stop.signal.aborted && setFault(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      stop.abort();
      clearTimeout(late);
      if (now.tiles !== tiles) tiles.close();
    };
  }, [key]);
  useEffect(() => () => now.tiles?.close(), []);

  const known = info && screen.width > 0;
  if (known && now.fitted) now.view = fitView(info, screen);
  const move = (view: View, fitted = false) => {
    if (!info) return;
    now.view = fitted ? view : heldView(view, info, screen);
    now.fitted = fitted;
    redraw();
  };
  const acts: PictureHandle = {
    fit: () => info && move(fitView(info, screen), true),
    zoom: (factor) => move(zoomAt(now.view, screen, factor, props.press && focused ? toScreen(now.view, screen, now.cross.x, now.cross.y) : undefined)),
    oneToOne: () => move({ ...now.view, zoom: 1 }),
    show: (x, y) => {
      now.cross = { x, y };
      const [sx, sy] = toScreen(now.view, screen, x, y);
      if (sx < 20 || sy < 20 || sx > screen.width - 20 || sy > screen.height - 20) move({ ...now.view, x, y });
      redraw();
    },
    redraw,
  };
  if (props.handle) props.handle.current = acts;

  useLayoutEffect(() => {
    if (!known || !image.current || !marks.current) return;
    const density = Math.min(window.devicePixelRatio || 1, 2);
    const level = levelFor(info.levels, info.first.block, now.view.zoom, density);
    if (level && now.tiles) now.tiles.want(tilesInView(level, info.tile_px, now.view, screen), info.tag);
    drawPicture(sized(image.current, screen, density), now.tiles, info, level, { view: now.view, screen, density });
    const context = sized(marks.current, screen, density);
    const paint: Paint = { context, zoom: now.view.zoom, screen, pixelSizeA: info.pixel_size_A, image: info, at: (x, y) => toScreen(now.view, screen, x, y) };
    if (!fault || props.fallback) props.overlay?.(paint);
    if (focused && props.press) drawCross(context, paint.at(now.cross.x, now.cross.y), screen);
  });

  usePointers(box, {
    view: () => now.view,
    screen: () => screen,
    move,
    gesture: (gesture) => props.gesture?.(gesture) ?? false,
    zoom: (factor, at) => move(zoomAt(now.view, screen, factor, at)),
    fit: acts.fit,
  });

  const keyed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) return;
    const step = (event.shiftKey ? 40 : event.altKey ? 1 : 8) / now.view.zoom;
    const way = ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] } as Record<string, [number, number]>)[event.key];
    const letter = event.key.toLowerCase();
    if (way && info) {
      if (props.press) acts.show(Math.min(Math.max(now.cross.x + way[0] * step, 0), info.width), Math.min(Math.max(now.cross.y + way[1] * step, 0), info.height));
      else move({ ...now.view, x: now.view.x + way[0] * step * 5, y: now.view.y + way[1] * step * 5 });
    } else if (letter === "z") acts.zoom(event.shiftKey ? 0.8 : 1.25);
    else if (letter === "f") acts.fit();
    else if (letter === "0") acts.oneToOne();
    else if (!props.press?.(event.key, now.cross, event)) return;
    event.preventDefault();
  };

  const bar = known ? scaleBar(now.view.zoom, info.pixel_size_A, screen.width) : undefined;
  return (
    <div class="picture well" ref={box} style={{ cursor: props.cursor ?? "grab" }}>
      <div class="picture-surface" role="application" tabIndex={0} aria-label={`${props.label}. Arrows move, Z and Shift Z zoom, F fits.`} data-shown={now.tiles?.first && known ? "yes" : "no"} onKeyDown={keyed} onFocus={() => setFocused(true)} onBlur={() => setFocused(false)}>
        <canvas ref={image} style={{ filter: toneFilter(shift - sigma, shift + sigma, invert) }} aria-hidden="true" />
        <canvas ref={marks} aria-hidden="true" />
      </div>
      {fault && <div class={props.fallback ? "picture-fault-band" : "picture-fault"} role="alert"><strong>This picture could not be shown</strong><span>{fault}</span></div>}
      {slow && !fault && !now.tiles && <p class="picture-slow" role="status">Reading {asked.path.split("/").pop()}</p>}
      {bar && !fault && <div class="picture-scale" aria-label={`Scale bar: ${bar.words}`} role="img"><i style={{ width: bar.px }} />{bar.words}</div>}
      <div class="picture-zoom" onPointerDown={(event) => event.stopPropagation()}>
        <Tool title="Zoom in" icon="zoom-in" run={() => acts.zoom(1.25)} />
        <Tool title="Zoom out" icon="zoom-out" run={() => acts.zoom(0.8)} />
        <Tool title="Fit the whole picture" icon="fit" run={acts.fit} />
        <button type="button" title="One pixel to one" aria-label="1:1, one pixel to one" onClick={acts.oneToOne}>1:1</button>
      </div>
      {props.children}
    </div>
  );
}

/** What stands for a picture that is missing. */
function emptyField(size: Size, pixel_size_A: number): Schema<"ImageInfo"> {
  const first = { level: -1, block: 1, ...size, mean: 0, sd: 1 };
  return { fault: "", ...size, pixel_size_A, frames: 1, mean: 0, sd: 1, first, levels: [], tile_px: 512, tag: "" };
}

function Tool(props: { title: string; icon: string; run: () => void }) {
  return <button type="button" title={props.title} aria-label={props.title} onClick={props.run}><Icon name={props.icon} /></button>;
}
