// One column as a histogram or two as a density, with an outline or a box drawn over it; its corners can be typed too.
import { useEffect, useRef, useState } from "preact/hooks";
import { colour, theme } from "../../app/theme";
import type { Schema } from "../../api/client";
import { useSize } from "../../views/micrographs/size";
import type { Frame, Point } from "./lasso";
import type { Plotted } from "./plotted";
import { paintDensity, paintHistogram } from "./paint";
import { inHead, short } from "./rows";

interface DensityProps {
  plotted: Plotted;
  x: Schema<"TableColumn">;
  y: Schema<"TableColumn"> | undefined;
  way: "lasso" | "box";
  /** Rows that are plotted. */
  all: number;
}

const ROOM = { left: 52, bottom: 34, top: 6, right: 18 };
const BINS = 80;

export function Density(props: DensityProps) {
  const { plotted, x, y } = props;
  const [box, size] = useSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drawn, setDrawn] = useState<Point[]>([]);
  const [width, height] = [Math.max(10, size.width - ROOM.left - ROOM.right), Math.max(10, size.height - ROOM.top - ROOM.bottom)];
  const { spans } = plotted;
  const frame: Frame | undefined = spans && { x0: spans.x[0], x1: spans.x[1], y0: spans.y[0], y1: spans.y[1] };
  useEffect(() => {
    // Few rows are drawn as dots that can be seen, many as a fine density.
    const cell = props.all < 4000 ? 4 : props.all < 40_000 ? 2.5 : 1.5;
    if (frame && size.width) plotted.draw(frame, y ? Math.min(512, Math.ceil(width / cell)) : BINS, y ? Math.min(512, Math.ceil(height / cell)) : BINS);
  }, [spans, width, height, !!y, props.all]);
  useEffect(() => {
    if (!canvas.current || !plotted.cells || !frame) return;
    const paint = y ? paintDensity : paintHistogram;
    paint(canvas.current, plotted.cells, width, height);
  }, [plotted.cells, width, height, theme.value]);

  const toPoint = (sx: number, sy: number): Point => [frame!.x0 + (sx / width) * (frame!.x1 - frame!.x0), frame!.y1 - (sy / height) * (frame!.y1 - frame!.y0)];
  const toScreen = ([px, py]: Point): Point => [((px - frame!.x0) / (frame!.x1 - frame!.x0)) * width, ((frame!.y1 - py) / (frame!.y1 - frame!.y0)) * height];
  const square = ([ax, ay]: Point, [bx, by]: Point): Point[] => {
    if (!y) [ay, by] = [-height, 2 * height];
    return [[ax, ay], [bx, ay], [bx, by], [ax, by]];
  };
  const gesture = useRef<Point[]>([]);
  const place = (event: PointerEvent): Point => {
    const edge = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return [Math.max(0, Math.min(width, event.clientX - edge.left)), Math.max(0, Math.min(height, event.clientY - edge.top))];
  };
  const asBox = props.way === "box" || !y;
  const outline = drawn.length ? (asBox ? square(drawn[0]!, drawn[drawn.length - 1]!) : drawn) : plotted.marked && frame ? plotted.marked.points.map(toScreen) : [];
  const title = y ? `${y.name} over ${x.name}` : x.name;
  return (
    <div class="table-plot" ref={box}>
      {frame && (
        <>
          <div
            class="table-area"
            role="img"
            aria-label={`${y ? "Density" : "Histogram"} of ${title}. Rows can be marked by the boxes below, too.`}
            style={{ left: ROOM.left, top: ROOM.top, width, height }}
            onPointerDown={(event) => {
              if (event.button !== 0) return;
              event.currentTarget.setPointerCapture(event.pointerId);
              gesture.current = [place(event)];
              setDrawn(gesture.current);
            }}
            onPointerMove={(event) => {
              if (!gesture.current.length) return;
              gesture.current = [...gesture.current, place(event)];
              setDrawn(gesture.current);
            }}
            onPointerUp={() => {
              const points = gesture.current;
              gesture.current = [];
              setDrawn([]);
              if (points.length < 3) return plotted.clear();
              plotted.mark((asBox ? square(points[0]!, points[points.length - 1]!) : points).map(([sx, sy]) => toPoint(sx, sy)));
            }}
          >
            <canvas ref={canvas} aria-hidden="true" />
            {outline.length > 1 && (
              <svg width={width} height={height} aria-hidden="true">
                <polygon points={outline.map((point) => point.map((n) => n.toFixed(1)).join()).join(" ")} fill={colour("--mark")} />
              </svg>
            )}
          </div>
          <Ticks from={frame.x0} to={frame.x1} style={(share) => ({ left: ROOM.left + share * width, top: size.height - ROOM.bottom + 3 })} />
          <p class="table-axis" style={{ left: ROOM.left, width, top: size.height - 16 }}>{inHead(x)}</p>
          {y && <Ticks upright from={frame.y0} to={frame.y1} style={(share) => ({ right: size.width - ROOM.left + 4, top: ROOM.top + (1 - share) * height - 7 })} />}
          {y && <p class="table-axis table-upright" style={{ top: ROOM.top + height / 2 }}>{inHead(y)}</p>}
        </>
      )}
      {plotted.problem && <p class="cur-fault" role="alert">{plotted.problem}</p>}
      {!plotted.ready && !plotted.problem && <p class="quiet dense" style={{ padding: 12 }}>Reading {title}</p>}
    </div>
  );
}

function Ticks(props: { from: number; to: number; upright?: boolean; style: (share: number) => Record<string, number> }) {
  const span = props.to - props.from;
  const step = niceStep(span / (props.upright ? 7 : 6));
  const ticks: number[] = [];
  for (let at = Math.ceil(props.from / step) * step; at <= props.to; at += step) ticks.push(Math.abs(at) < step / 1e6 ? 0 : at);
  return (
    <div aria-hidden="true">
      {ticks.map((tick) => <span key={tick} class={`table-tick ${props.upright ? "" : "table-tick-x"}`} style={props.style((tick - props.from) / span)}>{short(tick)}</span>)}
    </div>
  );
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power;
}
