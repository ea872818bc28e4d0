// A gallery of small pictures out of one binary: only those in sight are drawn; marked by click, key, Shift and a drawn box.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Contrast, drawTile, type Stack } from "./stack";
import { between, type Box, inSight, layOut, type Layout, moved, touched } from "./tileMath";
import "./tiles.css";

export interface TilesProps {
  /** Name of the gallery: "50 class averages". */
  label: string;
  /** Numbers of the images in the stack, in the order in which they stand. */
  order: number[];
  /** The pictures; neutral blocks while they are not here. */
  stack: Stack | undefined;
  /** Wished side of a tile on screen. */
  size: number;
  contrast?: Contrast;
  /** Radius of a soft circular mask as part of half the side, for class averages; 0 or nothing: none. */
  round?: number;
  marked?: ReadonlySet<number>;
  /** Marks or unmarks these numbers; without it nothing can be marked. */
  onMark?: (numbers: number[], on: boolean) => void;
  cursor: number | null;
  onCursor: (number: number) => void;
  /** Enter or double click. */
  onOpen?: (number: number) => void;
  /** What is said of a tile: "class 9, 7,357 particles". */
  name: (number: number) => string;
  /** Lines under the picture, `captionHeight` pixels high. */
  caption?: (number: number) => ComponentChildren;
  captionHeight?: number;
  /** White bar at the foot of the picture, 0 to 1. */
  share?: (number: number) => number;
  /** Instead of the picture, when there is none: "not on disk (cleaned)". */
  absent?: string;
}

export function Tiles(props: TilesProps) {
  const { order } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ width: 0, height: 0, top: 0 });
  const [box, setBox] = useState<Box | null>(null);
  const anchor = useRef(0);
  /** The number of the tile that is to have the focus once the cursor stands on it; a mark may be drawn before that. */
  const takesFocus = useRef<number | null>(null);
  const layout = layOut(order.length, Math.max(view.width, 60), props.size, props.captionHeight ?? 0);
  const at = Math.max(0, props.cursor === null ? 0 : order.indexOf(props.cursor));

  useLayoutEffect(() => {
    const element = frame.current!;
    const look = () => setView({ width: element.clientWidth - 24, height: element.clientHeight, top: element.scrollTop });
    const watch = new ResizeObserver(look);
    watch.observe(element);
    look();
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (takesFocus.current === null || takesFocus.current !== order[at]) return;
    frame.current?.querySelector<HTMLElement>(`[data-number="${order[at]}"]`)?.focus({ preventScroll: true });
    takesFocus.current = null;
  });

  const move = (to: number) => {
    const element = frame.current!;
    const top = Math.floor(to / layout.columns) * layout.stepY;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + layout.stepY + 12 > element.scrollTop + element.clientHeight) element.scrollTop = top + layout.stepY + 12 - element.clientHeight;
    takesFocus.current = order[to]!;
    props.onCursor(order[to]!);
  };
  const mark = (to: number, extend: boolean) => {
    if (!props.onMark) return;
    const places = extend ? between(anchor.current, to) : [to];
    const on = extend ? (props.marked?.has(order[anchor.current]!) ?? true) : !props.marked?.has(order[to]!);
    if (!extend) anchor.current = to;
    props.onMark(places.map((place) => order[place]!), on);
  };
  const onKey = (event: KeyboardEvent) => {
    if (!order.length || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(view.height / layout.stepY));
    const to = moved(event.key, at, order.length, layout.columns, page);
    if (to !== null) {
      if (event.shiftKey) mark(to, true);
      move(to);
    } else if (event.key === " ") mark(at, event.shiftKey);
    else if (event.key === "Enter" && props.onOpen) props.onOpen(order[at]!);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const drawing = useDrawnBox(frame, layout, order.length, setBox, (places) => props.onMark?.(places.map((place) => order[place]!), true));
  const press = (place: number, event: MouseEvent) => {
    if (drawing.justDrew()) return;
    mark(place, event.shiftKey);
    move(place);
  };

  const [first, last] = inSight(layout, order.length, view.top, view.height);
  const shown = between(first, Math.max(first, last - 1)).filter((place) => place < order.length);
  if (order.length && (at < first || at >= last)) shown.push(at);
  return (
    <div
      ref={frame}
      class="tiles"
      onScroll={() => setView((old) => ({ ...old, top: frame.current!.scrollTop }))}
      onPointerDown={props.onMark ? drawing.down : undefined}
      onPointerMove={props.onMark ? drawing.moved : undefined}
      onPointerUp={props.onMark ? drawing.up : undefined}
      onPointerCancel={props.onMark ? drawing.up : undefined}
    >
      <div role="listbox" aria-multiselectable={props.onMark ? true : undefined} aria-label={props.label} class="tiles-field" style={{ height: layout.total }} onKeyDown={onKey}>
        {shown.map((place) => (
          <Tile key={order[place]} {...props} number={order[place]!} place={place} layout={layout} here={place === at} onPress={press} />
        ))}
        {box && <div class="tiles-box" style={{ left: Math.min(box.x0, box.x1), top: Math.min(box.y0, box.y1), width: Math.abs(box.x1 - box.x0), height: Math.abs(box.y1 - box.y0) }} />}
      </div>
    </div>
  );
}

interface TileProps extends TilesProps {
  number: number;
  place: number;
  layout: Layout;
  here: boolean;
  onPress: (place: number, event: MouseEvent) => void;
}

function Tile(props: TileProps) {
  const { number, place, layout, stack } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const found = stack?.at.get(number);
  useEffect(() => {
    if (canvas.current && stack && found !== undefined) drawTile(canvas.current, stack, found, props.contrast ?? "one", props.round ?? 0);
  }, [stack, found, props.contrast, props.round]);
  const marked = props.marked?.has(number) ?? false;
  const share = props.share?.(number);
  const column = place % layout.columns;
  return (
    <div
      role="option"
      data-number={number}
      class={`tile${marked ? " tile-marked" : ""}${props.here ? " tile-here" : ""}`}
      style={{ left: column * layout.stepX, top: Math.floor(place / layout.columns) * layout.stepY, width: layout.tile }}
      tabIndex={props.here ? 0 : -1}
      aria-selected={props.onMark ? marked : props.here}
      aria-posinset={place + 1}
      aria-setsize={props.order.length}
      onClick={(event) => props.onPress(place, event)}
      onDblClick={() => props.onOpen?.(number)}
    >
      <span class="hidden-text">{props.name(number)}</span>
      <span class="tile-well" style={{ height: layout.tile }}>
        {found !== undefined ? <canvas ref={canvas} aria-hidden="true" /> : <span class="tile-absent" aria-hidden="true">{props.absent ?? (stack ? "no picture" : "")}</span>}
        {share !== undefined && <i class="tile-share" style={{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }} />}
        {marked && (
          <span class="tile-tick" aria-hidden="true">
            <svg viewBox="0 0 16 16"><path d="M2.5 8.6 6 12 13.5 4" /></svg>
          </span>
        )}
      </span>
      {props.caption && <span class="tile-caption" aria-hidden="true">{props.caption(number)}</span>}
    </div>
  );
}

/** A box drawn by a press and a pull of more than 6 px; a press alone stays a click. */
function useDrawnBox(frame: { current: HTMLDivElement | null }, layout: Layout, count: number, show: (box: Box | null) => void, take: (places: number[]) => void) {
  const from = useRef<Box | null>(null);
  const drew = useRef(false);
  const point = (event: PointerEvent): [number, number] => {
    const field = frame.current!.firstElementChild!.getBoundingClientRect();
    return [event.clientX - field.left, event.clientY - field.top];
  };
  return {
    down: (event: PointerEvent) => {
      drew.current = false;
      if (event.button !== 0 || event.shiftKey || event.clientX > frame.current!.getBoundingClientRect().left + frame.current!.clientWidth) return;
      const [x, y] = point(event);
      from.current = { x0: x, y0: y, x1: x, y1: y };
    },
    moved: (event: PointerEvent) => {
      const start = from.current;
      if (!start) return;
      const [x, y] = point(event);
      if (!drew.current && Math.hypot(x - start.x0, y - start.y0) < 6) return;
      if (!drew.current) frame.current!.setPointerCapture(event.pointerId);
      drew.current = true;
      from.current = { ...start, x1: x, y1: y };
      show(from.current);
    },
    up: () => {
      if (from.current && drew.current) take(touched(layout, count, from.current));
      from.current = null;
      show(null);
    },
    justDrew: () => drew.current,
  };
}
