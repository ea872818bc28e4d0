// How uPlot is told to draw our curves: axes, colours from the tokens, thresholds, crossings and bars.
import type uPlot from "uplot";
import { colour } from "../app/theme";
import { figure, headOf, inAngstrom, resolutionTicks, type Axis, type Crossing, type Curve, type Mark } from "./plotData";

const FONT = '11px "Inter Variable", Inter, "Segoe UI", sans-serif';

export interface Look {
  curves: Curve[];
  x: Axis;
  y: Axis;
  right?: Axis;
  marks: Mark[];
  crossings: Crossing[];
  width: number;
  height: number;
  sync?: string;
}

/** The token of a curve: its own, or the next of the five. */
export function tokenOf(curve: Curve, index: number): string {
  return curve.token ?? `--s${(index % 5) + 1}`;
}

export function isDashed(curve: Curve, index: number): boolean {
  return curve.dash ?? index >= 4;
}

function scaleOf(axis: Axis, key: string): uPlot.Scale {
  const scale: uPlot.Scale = { time: false, distr: axis.kind === "log" ? 3 : 1, dir: axis.reversed ? -1 : 1 };
  if (axis.low !== undefined || axis.high !== undefined)
    scale.range = (plot, low, high) => {
      const places = plot.data?.[0] ?? [];
      const drawnOut = key === "x" && places.length > 1 && (low > places[0]! || high < places[places.length - 1]!);
      if (drawnOut) return [low, high];
      const from = axis.low ?? low;
      const to = axis.high ?? high;
      return to > from ? [from, to] : [from - 0.5, from + 0.5];
    };
  return scale;
}

function axisOf(axis: Axis, scale: string, side: 1 | 2 | 3, wide: boolean): uPlot.Axis {
  const grid = { stroke: colour("--line"), width: 1 };
  const shown: uPlot.Axis = { scale, side, stroke: colour("--ink-3"), font: FONT, labelFont: FONT, grid: side === 1 ? { show: false } : grid, ticks: { show: false }, border: { show: false } };
  if (side === 2) {
    shown.grid = grid;
    shown.size = axis.kind === "resolution" ? 38 : 22;
    shown.space = axis.kind === "resolution" ? 52 : 48;
  } else {
    shown.space = wide ? 32 : 20;
    shown.size = (_plot, values) => Math.max(34, 12 + 6.4 * Math.max(...(values ?? [""]).map((said) => said?.length ?? 0)));
  }
  if (wide) {
    shown.label = axis.kind === "resolution" ? "Å above 1/Å" : headOf(axis);
    shown.labelSize = 18;
    shown.labelGap = 2;
  }
  if (axis.kind === "resolution") {
    shown.splits = (_plot, _index, low, high) => resolutionTicks(low, high);
    shown.values = (_plot, splits) => splits.map((at) => `${inAngstrom(at)}\n${figure(Number(at.toPrecision(4)))}`);
  } else if (axis.kind === "log") {
    shown.filter = (_plot, splits) => splits.map((at) => (isDecade(at) ? at : null)) as number[];
    shown.grid = { ...grid, filter: shown.filter } as uPlot.Axis.Grid;
    shown.values = (_plot, splits) => splits.map((at) => (at !== null && isDecade(at) ? logLabel(at) : ""));
  } else shown.values = (_plot, splits) => splits.map((at) => figure(at));
  return shown;
}

function isDecade(value: number): boolean {
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6;
}

function logLabel(value: number): string {
  return value >= 0.01 && value < 100_000 ? figure(value) : value.toExponential(0);
}

function seriesOf(curve: Curve, index: number, Plot: typeof uPlot): uPlot.Series {
  const stroke = colour(tokenOf(curve, index));
  const series: uPlot.Series = { label: curve.name, stroke, width: 1.8, scale: curve.right ? "right" : "y", points: { show: false }, spanGaps: true };
  if (isDashed(curve, index)) series.dash = [5, 3];
  if (curve.style === "bars") {
    series.paths = Plot.paths.bars!({ size: [0.92, 80], align: 0 });
    series.fill = `${stroke}99`;
    series.width = 0;
  } else if (curve.style === "steps") series.paths = Plot.paths.stepped!({ align: 1 });
  else if (curve.style === "points") {
    series.paths = () => null;
    series.points = { show: true, size: 5, fill: stroke, width: 0 };
  } else if (curve.x.length <= 2) series.points = { show: true, size: 6, fill: stroke };
  return series;
}

function drawMarks(plot: uPlot, look: Look): void {
  const pen = plot.ctx;
  const scale = devicePixelRatio || 1;
  const { left, top, width, height } = plot.bbox;
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  pen.font = `${11 * scale}px "Inter Variable", Inter, sans-serif`;
  for (const mark of look.marks) {
    const at = Math.round(plot.valToPos(mark.at, mark.axis, true));
    pen.strokeStyle = pen.fillStyle = colour(mark.token ?? (mark.kind === "now" ? "--ink" : "--ink-3"));
    pen.lineWidth = (mark.kind === "now" ? 1.5 : 1) * scale;
    pen.setLineDash(mark.kind === "event" ? [1 * scale, 3 * scale] : mark.kind === "now" ? [2 * scale, 2 * scale] : [5 * scale, 4 * scale]);
    pen.beginPath();
    if (mark.axis === "x") pen.moveTo(at, top), pen.lineTo(at, top + height);
    else pen.moveTo(left, at), pen.lineTo(left + width, at);
    pen.stroke();
    if (!mark.label) continue;
    pen.textAlign = "left";
    if (mark.axis === "x") {
      const gap = (mark.onMove ? 9 : 4) * scale;
      const fits = at + gap + pen.measureText(mark.label).width < left + width;
      pen.textAlign = fits ? "left" : "right";
      pen.fillText(mark.label, fits ? at + gap : at - gap, top + 11 * scale);
    }
    if (mark.axis === "y") pen.fillText(mark.label, left + 6 * scale, at - 4 * scale);
  }
  pen.restore();
  drawCrossings(plot, look.crossings, scale);
}

/** The number that matters, written at the curve on a ground that keeps it readable. */
function drawCrossings(plot: uPlot, crossings: Crossing[], scale: number): void {
  const pen = plot.ctx;
  const { left, width } = plot.bbox;
  pen.save();
  pen.font = `600 ${12 * scale}px "Inter Variable", Inter, sans-serif`;
  for (const one of crossings) {
    const [x, y] = [plot.valToPos(one.x, "x", true), plot.valToPos(one.y, "y", true)];
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    const wide = pen.measureText(one.label).width + 8 * scale;
    const fits = x + wide + 10 * scale < left + width;
    const from = fits ? x + 7 * scale : x - 7 * scale - wide;
    pen.fillStyle = colour("--surface");
    pen.globalAlpha = 0.85;
    pen.fillRect(from, y - 22 * scale, wide, 17 * scale);
    pen.globalAlpha = 1;
    pen.fillStyle = colour("--ink");
    pen.textAlign = "left";
    pen.fillText(one.label, from + 4 * scale, y - 9.5 * scale);
    pen.beginPath();
    pen.arc(x, y, 3.5 * scale, 0, 7);
    pen.fillStyle = colour("--surface");
    pen.fill();
    pen.lineWidth = 1.6 * scale;
    pen.strokeStyle = colour("--ink");
    pen.stroke();
  }
  pen.restore();
}

/** The whole of uPlot's options. */
export function optionsFor(look: Look, Plot: typeof uPlot, told: { cursor: (plot: uPlot) => void; drawn: (plot: uPlot) => void }): uPlot.Options {
  const wide = look.height >= 190;
  const axes = [axisOf(look.x, "x", 2, wide), axisOf(look.y, "y", 3, wide)];
  if (look.right) axes.push(axisOf(look.right, "right", 1, wide));
  return {
    width: look.width,
    height: look.height,
    legend: { show: false },
    padding: [8, look.right ? 0 : 12, 0, 0],
    scales: { x: scaleOf(look.x, "x"), y: scaleOf(look.y, "y"), ...(look.right ? { right: scaleOf(look.right, "right") } : {}) },
    axes,
    series: [{}, ...look.curves.map((curve, index) => seriesOf(curve, index, Plot))],
    cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false, dist: 6 }, ...(look.sync ? { sync: { key: look.sync, setSeries: false } } : {}) },
    hooks: { draw: [(plot) => drawMarks(plot, look), told.drawn], setCursor: [told.cursor] },
  };
}
