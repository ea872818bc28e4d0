// Ranges: a strip for each value over one x axis, with limits to drag or type, boxes drawn to mark points, and a histogram.
import { useEffect, useRef, useState } from "preact/hooks";
import { theme } from "../../app/theme";
import type { Curation, Value } from "./curation";
import type { Range } from "./judge";
import { drawHistogram, drawStrip, inBox, nearest, scaleOf, valueAt, yOf, type StripData, type StripScale } from "./stripDraw";

interface StripsProps {
  curation: Curation;
  values: Value[];
  places: Uint32Array;
  groups: number[];
  at: number;
  onAt: (row: number) => void;
  marked: ReadonlySet<number>;
  onMarked: (rows: number[], add: boolean) => void;
}

export function Strips(props: StripsProps) {
  return (
    <div class="cur-strips" style={{ gridTemplateRows: `repeat(${props.values.length}, minmax(64px, 1fr))` }}>
      {props.values.map((value) => (
        <Strip key={value.name} value={value} {...props} />
      ))}
    </div>
  );
}

function Strip(props: StripsProps & { value: Value }) {
  const { value, curation } = props;
  const { choice, judged } = curation;
  const values = curation.columns[value.name]!;
  const range = choice.ranges[value.name] ?? [null, null];
  const plot = useRef<HTMLCanvasElement>(null);
  const bars = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(0);
  const scale = useScale(values, range);
  const data: StripData = { values, places: props.places, verdicts: judged.verdicts, marked: props.marked, range, scale, at: props.at, groups: props.groups };
  useEffect(() => {
    const watch = new ResizeObserver(() => setHeight(frame.current?.clientHeight ?? 0));
    watch.observe(frame.current!);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    drawStrip(plot.current!, data);
    drawHistogram(bars.current!, data);
  }, [values, judged, scale, props.marked, props.at, props.places, height, theme.value]);

  const shown = (number: number) => (number * value.scale).toFixed(value.digits);
  return (
    <div class="cur-strip">
      <div class="cur-label">
        <b title={value.name}>{value.title}</b>
        <span>
          <Limit name={`${value.title} from`} value={value} at={range[0]} onSet={(low) => curation.setRange(value, [low, range[1]], true)} />
          –
          <Limit name={`${value.title} to`} value={value} at={range[1]} onSet={(high) => curation.setRange(value, [range[0], high], true)} />
        </span>
        <span>{[value.unit, `${(judged.outOf[value.name] ?? 0).toLocaleString("en")} out`].filter(Boolean).join(", ")}</span>
      </div>
      <div class="cur-plot" ref={frame}>
        <canvas ref={plot} aria-hidden="true" />
        <Brush data={data} onAt={props.onAt} onMarked={props.onMarked} />
        {height > 0 && ([0, 1] as const).map((side) => <Line key={side} side={side} value={value} range={range} scale={scale} height={height} onSet={curation.setRange} />)}
      </div>
      <div class="cur-plot cur-bars">
        <canvas ref={bars} aria-hidden="true" />
        <span class="cur-top">{shown(scale.high)}</span>
        <span class="cur-bottom">{shown(scale.low)}</span>
      </div>
    </div>
  );
}

/** The scale stays while a limit is dragged, so that the line does not run away from the hand. */
function useScale(values: Float64Array, range: Range): StripScale {
  const kept = useRef<{ values: Float64Array; scale: StripScale }>();
  const fresh = kept.current?.values !== values;
  const scale = fresh ? scaleOf(values, range) : kept.current!.scale;
  const outside = range.some((limit) => limit !== null && (limit < scale.low || limit > scale.high));
  if (fresh || outside) kept.current = { values, scale: outside ? scaleOf(values, range) : scale };
  return kept.current!.scale;
}

/** A limit as a number; empty: any. */
function Limit(props: { name: string; value: Value; at: number | null; onSet: (limit: number | null) => void }) {
  const { value } = props;
  const text = props.at === null ? "" : String(Number((props.at * value.scale).toFixed(Math.max(value.digits, 2))));
  const [typed, setTyped] = useState<string | null>(null);
  const said = typed ?? text;
  const wrong = said.trim() !== "" && !Number.isFinite(Number(said));
  const finish = () => {
    if (typed === null) return;
    setTyped(null);
    if (!wrong && typed !== text) props.onSet(typed.trim() === "" ? null : Number(typed) / value.scale);
  };
  return (
    <input
      aria-label={`${props.name}${value.unit ? `, ${value.unit}` : ""}`}
      aria-invalid={wrong}
      placeholder="any"
      inputMode="decimal"
      value={said}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish();
        if (event.key === "Escape") setTyped(null);
      }}
    />
  );
}

/** A limit as a line with a handle; an open one waits at the edge. Arrows move it by a hundredth, Shift by a tenth of that. */
function Line(props: { side: 0 | 1; value: Value; range: Range; scale: StripScale; height: number; onSet: Curation["setRange"] }) {
  const { side, value, range, scale, height } = props;
  const limit = range[side];
  const edge = side === 0 ? scale.low : scale.high;
  const y = limit === null ? (side === 0 ? height : 0) : yOf(limit, scale, height);
  const drag = useRef<{ from: number; range: Range } | null>(null);
  const round = (number: number) => Number((number * value.scale).toFixed(Math.max(value.digits, 1) + (value.digits > 1 ? 0 : 1))) / value.scale;
  const moved = (to: number): Range => {
    const open = side === 0 ? to <= scale.low : to >= scale.high;
    const other = range[1 - side] ?? null;
    const held = other === null ? to : side === 0 ? Math.min(to, other) : Math.max(to, other);
    const next = open ? null : round(held);
    return side === 0 ? [next, range[1]] : [range[0], next];
  };
  const said = limit === null ? "open" : `${(limit * value.scale).toFixed(value.digits)} ${value.unit}`;
  return (
    <div
      class={`cur-line ${limit === null ? "cur-open" : ""} ${side === 0 ? "cur-low" : "cur-high"}`}
      style={{ top: y }}
      role="slider"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={`${value.title}, ${side === 0 ? "lower" : "upper"} limit`}
      aria-valuemin={scale.low * value.scale}
      aria-valuemax={scale.high * value.scale}
      aria-valuenow={(limit ?? edge) * value.scale}
      aria-valuetext={said}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        event.stopPropagation();
        drag.current = { from: event.clientY, range };
      }}
      onPointerMove={(event) => {
        if (!drag.current) return;
        const box = event.currentTarget.parentElement!.getBoundingClientRect();
        drag.current.range = moved(valueAt(event.clientY - box.top, scale, box.height));
        props.onSet(value, drag.current.range, false);
      }}
      onPointerUp={(event) => {
        const last = drag.current;
        drag.current = null;
        if (last && Math.abs(event.clientY - last.from) > 1) props.onSet(value, last.range, true);
      }}
      onKeyDown={(event) => {
        const way = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
        if (way === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        const step = ((scale.high - scale.low) / 100) * (event.shiftKey ? 0.1 : 1);
        props.onSet(value, moved((limit ?? edge) + way * step), true);
      }}
    >
      <i />
    </div>
  );
}

/** A box drawn over points marks them; a click goes to the nearest micrograph. */
function Brush(props: { data: StripData; onAt: (row: number) => void; onMarked: (rows: number[], add: boolean) => void }) {
  const [box, setBox] = useState<{ x0: number; y0: number; x1: number; y1: number } | null>(null);
  const place = (event: PointerEvent): [number, number] => {
    const edge = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  };
  return (
    <div
      class="cur-brush"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const [x, y] = place(event);
        setBox({ x0: x, y0: y, x1: x, y1: y });
      }}
      onPointerMove={(event) => {
        if (!box) return;
        const [x1, y1] = place(event);
        setBox({ ...box, x1, y1 });
      }}
      onPointerUp={(event) => {
        if (!box) return;
        setBox(null);
        const { clientWidth: width, clientHeight: height } = event.currentTarget;
        if (Math.abs(box.x1 - box.x0) < 4 && Math.abs(box.y1 - box.y0) < 4) {
          const row = nearest(props.data, box.x0, box.y0, { width, height });
          if (row >= 0) props.onAt(row);
        } else props.onMarked(inBox(props.data, box, { width, height }), event.shiftKey);
      }}
    >
      {box && <i style={{ left: Math.min(box.x0, box.x1), top: Math.min(box.y0, box.y1), width: Math.abs(box.x1 - box.x0), height: Math.abs(box.y1 - box.y0) }} />}
    </div>
  );
}
