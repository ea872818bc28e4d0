// Curves on axes with units: readout under the cursor for all, thresholds, crossings, saving, and the same numbers as a table.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import { colour, theme } from "../app/theme";
import { PlotHandles, type Frame } from "./PlotHandles";
import { PlotTable } from "./PlotTable";
import { aligned, figure, headOf, inAngstrom, inWords, valuesAt, type Axis, type Crossing, type Curve, type Mark } from "./plotData";
import { isDashed, optionsFor, tokenOf } from "./plotOptions";
import { saveCsv, savePng, saveSvg, type Drawn } from "./plotSave";
import "./plot.css";

export type { Axis, Crossing, Curve, Mark } from "./plotData";

export interface PlotProps {
  title: string;
  curves: Curve[];
  x: Axis;
  y: Axis;
  /** A second axis, for curves with `right`. */
  right?: Axis;
  marks?: Mark[];
  crossings?: Crossing[];
  height?: number;
  /** Plots with the same word share one cursor. */
  sync?: string;
  /** Small plots of an inspector: no legend for one curve, no buttons. */
  small?: boolean;
  /** Whether the y axis may be switched to a logarithm. */
  mayLog?: boolean;
  /** A click, or Enter at the keyboard's cursor, gives the place on x. */
  onPick?: (x: number) => void;
}

type Ready = typeof uPlot;
let loading: Promise<Ready> | undefined;

/** uPlot, fetched when the first plot is shown. */
function plotter(): Promise<Ready> {
  loading ??= Promise.all([import("uplot"), import("uplot/dist/uPlot.min.css")]).then(([module]) => module.default);
  return loading;
}

export function Plot(props: PlotProps) {
  const [log, setLog] = useState(props.y.kind === "log");
  const [asTable, setTable] = useState(false);
  const [at, setAt] = useState<number | null>(null);
  const [frame, setFrame] = useState<Frame | null>(null);
  const y: Axis = { ...props.y, kind: log ? "log" : props.y.kind === "log" ? "plain" : props.y.kind };
  if (log && (y.low ?? 1) <= 0) delete y.low;
  const curves = log ? props.curves.map(positive) : props.curves;
  const data = useMemo(() => aligned(curves), [props.curves, log]);
  const marks = props.marks ?? [];
  const crossings = props.crossings ?? [];
  const height = props.height ?? (props.small ? 112 : 300);
  const { holder, shown } = useDrawn({ ...props, curves, y, marks, crossings, height }, data, setAt, setFrame);
  const readout = at === null ? null : valuesAt(data, at);
  const words = inWords(props.title, props.curves, props.x, crossings);
  const drawn = (colours: string[]): Drawn => ({ title: props.title, curves, x: props.x, y, marks, crossings, colours, dashes: curves.map(isDashed) });
  const onKey = (event: KeyboardEvent) => {
    const plot = shown.current;
    if (event.target !== event.currentTarget || !plot || !data[0].length) return;
    if (event.key === "Enter" && readout && props.onPick) return props.onPick(readout.x);
    const step = { ArrowRight: 1, ArrowLeft: -1, PageUp: -10, PageDown: 10 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const now = at === null ? -1 : data[0].indexOf(readout!.x);
    const next = Math.max(0, Math.min(data[0].length - 1, now + step));
    plot.setCursor({ left: plot.valToPos(data[0][next]!, "x"), top: 8 });
  };
  return (
    <figure class={`plot${props.small ? " plot-small" : ""}`}>
      <figcaption class="plot-head">
        <span class="plot-title grow cut" title={props.title}>{props.title}</span>
        {!props.small && (
          <>
            {props.mayLog && <PlotButton title="Logarithmic scale" pressed={log} onPress={() => setLog(!log)}>log</PlotButton>}
            <PlotButton title="Show the numbers as a table" pressed={asTable} onPress={() => setTable(!asTable)}>as table</PlotButton>
            <PlotButton title="Save as a picture" onPress={() => shown.current && savePng(drawn(curves.map((c, i) => colour(tokenOf(c, i)))), shown.current.ctx.canvas)}>PNG</PlotButton>
            <PlotButton title="Save as a drawing for a paper" onPress={() => saveSvg(drawn(lightColours(curves)))}>SVG</PlotButton>
            <PlotButton title="Save the numbers" onPress={() => saveCsv(drawn([]))}>CSV</PlotButton>
          </>
        )}
      </figcaption>
      {(!props.small || curves.length > 1) && <Legend curves={curves} values={readout?.values} />}
      {asTable && <PlotTable title={props.title} curves={props.curves} x={props.x} height={height} />}
      <div
        class="plot-body"
        hidden={asTable}
        style={{ height }}
        tabIndex={0}
        role="group"
        aria-label={`${words}. Arrow keys move the cursor.`}
        onKeyDown={onKey}
        onClick={() => props.onPick && readout && props.onPick(readout.x)}
      >
        <div ref={holder} aria-hidden="true" />
        {frame && <PlotHandles marks={marks} frame={frame} x={props.x} y={y} />}
      </div>
      <p class={`plot-readout${props.small ? " hidden-text" : ""}`} aria-live="polite">
        {readout ? place(readout.x, props.x) : ""}
        <span class="hidden-text">{readout && curves.map((curve, i) => `, ${curve.name} ${figure(readout.values[i])}`).join("")}</span>
      </p>
      {props.small && readout && (
        <p class="plot-tip" aria-hidden="true">{place(readout.x, props.x)}: {readout.values.map(figure).join(", ")} {y.unit ?? ""}</p>
      )}
    </figure>
  );
}

/** Keeps a uPlot in a holder that follows size, data, theme; gives the holder's ref and the plot. */
function useDrawn(
  props: PlotProps & { marks: Mark[]; crossings: Crossing[]; height: number },
  data: ReturnType<typeof aligned>,
  setAt: (x: number | null) => void,
  setFrame: (frame: Frame) => void,
) {
  const holder = useRef<HTMLDivElement>(null);
  const shown = useRef<uPlot | null>(null);
  const look = JSON.stringify([props.x, props.y, props.right, props.marks, props.crossings, props.height, props.sync, props.curves.map((c, i) => [c.name, tokenOf(c, i), isDashed(c, i), c.style, c.right])]);
  const dark = theme.value;
  useEffect(() => {
    const place = holder.current;
    if (!place) return;
    let ended = false;
    const told = {
      cursor: (plot: uPlot) => setAt(plot.cursor.left !== undefined && plot.cursor.left !== null && plot.cursor.left >= 0 ? plot.posToVal(plot.cursor.left, "x") : null),
      drawn: (plot: uPlot) => setFrame(frameOf(plot)),
    };
    const watch = new ResizeObserver(() => {
      const plot = shown.current;
      if (plot && place.clientWidth && place.clientWidth !== plot.width) plot.setSize({ width: place.clientWidth, height: props.height });
    });
    void plotter().then((Ready) => {
      if (ended) return;
      const width = place.clientWidth || 320;
      shown.current = new Ready(optionsFor({ ...props, width }, Ready, told), data as uPlot.AlignedData, place);
      watch.observe(place);
    });
    return () => {
      ended = true;
      watch.disconnect();
      shown.current?.destroy();
      shown.current = null;
    };
  }, [look, dark]);
  useEffect(() => shown.current?.setData(data as uPlot.AlignedData), [data]);
  return { holder, shown };
}

function frameOf(plot: uPlot): Frame {
  const scale = devicePixelRatio || 1;
  const { left, top, width, height } = plot.bbox;
  const limits = (name: string): [number, number] => [plot.scales[name]!.min ?? 0, plot.scales[name]!.max ?? 1];
  return { left: left / scale, top: top / scale, width: width / scale, height: height / scale, x: limits("x"), y: limits("y"), put: (axis, value) => plot.valToPos(value, axis), get: (axis, at) => plot.posToVal(at, axis) };
}

function positive(curve: Curve): Curve {
  return { ...curve, y: Array.from(curve.y, (value) => (typeof value === "number" && value > 0 ? value : null)) };
}

/** The curves' colours of the light theme, for white paper. */
function lightColours(curves: Curve[]): string[] {
  const root = document.documentElement;
  const now = root.dataset.theme;
  root.dataset.theme = "light";
  const found = curves.map((curve, index) => colour(tokenOf(curve, index)));
  root.dataset.theme = now;
  return found;
}

function place(x: number, axis: Axis): string {
  if (axis.kind === "resolution") return `${inAngstrom(x)} Å · ${figure(x)} 1/Å`;
  return `${headOf({ name: axis.name })} ${figure(x)}${axis.unit ? ` ${axis.unit}` : ""}`;
}

function Legend(props: { curves: Curve[]; values: (number | null)[] | undefined }) {
  return (
    <ul class="plot-legend" aria-label="Curves">
      {props.curves.map((curve, index) => (
        <li key={index}>
          <i class={curve.style === "bars" ? "bars" : isDashed(curve, index) ? "dash" : ""} style={{ color: `var(${tokenOf(curve, index)})` }} />
          {curve.name}
          <span class="plot-value">{props.values ? figure(props.values[index]) : ""}</span>
        </li>
      ))}
    </ul>
  );
}

function PlotButton(props: { title: string; pressed?: boolean; onPress: () => void; children: string }) {
  return (
    <button type="button" class="button bare small-button plot-button" title={props.title} aria-pressed={props.pressed} onClick={props.onPress}>
      {props.children}
    </button>
  );
}
