// Saves a plot as a file: CSV from its data, SVG drawn from its data, PNG from the canvas on screen.
import { theme } from "../app/theme";
import { aligned, asCsv, figure, headOf, inAngstrom, resolutionTicks, type Axis, type Crossing, type Curve, type Mark } from "./plotData";

export interface Drawn {
  title: string;
  curves: Curve[];
  x: Axis;
  y: Axis;
  marks: Mark[];
  crossings: Crossing[];
  colours: string[];
  dashes: boolean[];
}

/** Hand text or an image to the browser as a download. */
export function download(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A file name out of a title. */
function fileName(title: string, end: string): string {
  return `${title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "plot"}.${end}`;
}

export function saveCsv(plot: Drawn): void {
  download(fileName(plot.title, "csv"), new Blob([asCsv(plot.curves, plot.x)], { type: "text/csv;charset=utf-8" }));
}

/** The canvas with title and legend above, on the colour of the page. */
export function savePng(plot: Drawn, canvas: HTMLCanvasElement): void {
  const scale = devicePixelRatio || 1;
  const head = 44 * scale;
  const whole = document.createElement("canvas");
  whole.width = canvas.width;
  whole.height = canvas.height + head;
  const pen = whole.getContext("2d")!;
  const dark = theme.value === "dark";
  pen.fillStyle = dark ? "#151a20" : "#ffffff";
  pen.fillRect(0, 0, whole.width, whole.height);
  pen.drawImage(canvas, 0, head);
  pen.font = `600 ${13 * scale}px "Inter Variable", sans-serif`;
  pen.fillStyle = dark ? "#e9eef3" : "#11181f";
  pen.fillText(plot.title, 8 * scale, 16 * scale);
  pen.font = `${11 * scale}px "Inter Variable", sans-serif`;
  let left = 8 * scale;
  plot.curves.forEach((curve, index) => {
    pen.fillStyle = plot.colours[index]!;
    pen.fillRect(left, 31 * scale, 14 * scale, 2.5 * scale);
    pen.fillStyle = dark ? "#b3bec9" : "#414d59";
    pen.fillText(curve.name, left + 19 * scale, 36 * scale);
    left += 31 * scale + pen.measureText(curve.name).width;
  });
  whole.toBlob((blob) => blob && download(fileName(plot.title, "png"), blob), "image/png");
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function limits(values: (number | null | undefined)[], axis: Axis): [number, number] {
  const there = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value) && (axis.kind !== "log" || value > 0));
  const low = axis.low ?? Math.min(...there);
  const high = axis.high ?? Math.max(...there);
  return high > low ? [low, high] : [low - 0.5, low + 0.5];
}

/** The plot as SVG text, for a paper: black on white, the same curves and marks. */
function asSvg(plot: Drawn): string {
  const [wide, tall, left, top, below] = [640, 400, 64, 44, 52];
  const [places, ...columns] = aligned(plot.curves);
  const [x0, x1] = limits(places, plot.x);
  const [y0, y1] = limits(columns.flat(), plot.y);
  const scaled = (value: number) => (plot.y.kind === "log" ? Math.log10(Math.max(value, 1e-300)) : value);
  const across = (x: number) => left + ((x - x0) / (x1 - x0)) * (wide - left - 16);
  const part = (y: number) => (scaled(y) - scaled(y0)) / (scaled(y1) - scaled(y0));
  const down = (y: number) => top + (plot.y.reversed ? part(y) : 1 - part(y)) * (tall - top - below);
  const text = (x: number, y: number, said: string, more = "") => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(said)}</text>`;
  const line = (a: number, b: number, c: number, d: number, more: string) =>
    `<line x1="${a.toFixed(1)}" y1="${b.toFixed(1)}" x2="${c.toFixed(1)}" y2="${d.toFixed(1)}" ${more}/>`;
  const parts: string[] = [text(left, 16, plot.title, 'font-weight="600" font-size="13"')];
  const ticks = plot.x.kind === "resolution" ? resolutionTicks(x0, x1) : Array.from({ length: 6 }, (_, k) => x0 + ((x1 - x0) * k) / 5);
  for (const tick of ticks) {
    parts.push(line(across(tick), top, across(tick), tall - below, 'stroke="#d3dae1"'));
    const said = plot.x.kind === "resolution" ? [inAngstrom(tick), figure(tick)] : [figure(tick)];
    said.forEach((one, row) => parts.push(text(across(tick), tall - below + 15 + 13 * row, one, 'text-anchor="middle"')));
  }
  for (let k = 0; k <= 5; k++) {
    const value = plot.y.kind === "log" ? 10 ** (scaled(y0) + ((scaled(y1) - scaled(y0)) * k) / 5) : y0 + ((y1 - y0) * k) / 5;
    parts.push(line(left, down(value), wide - 16, down(value), 'stroke="#d3dae1"'), text(left - 6, down(value) + 4, figure(value), 'text-anchor="end"'));
  }
  parts.push(text((left + wide) / 2, tall - 6, plot.x.kind === "resolution" ? `Å above 1/Å` : headOf(plot.x), 'text-anchor="middle"'));
  parts.push(text(14, (top + tall - below) / 2, headOf(plot.y), `text-anchor="middle" transform="rotate(-90 14 ${(top + tall - below) / 2})"`));
  for (const mark of plot.marks)
    if (mark.axis === "y") parts.push(line(left, down(mark.at), wide - 16, down(mark.at), 'stroke="#5d6975" stroke-dasharray="4 3"'));
    else parts.push(line(across(mark.at), top, across(mark.at), tall - below, 'stroke="#5d6975" stroke-dasharray="4 3"'));
  let legend = left;
  plot.curves.forEach((curve, index) => {
    const dash = plot.dashes[index] ? ' stroke-dasharray="5 3"' : "";
    const points = places.map((x, row) => [x, columns[index]![row]] as const).filter((p): p is readonly [number, number] => typeof p[1] === "number");
    const path = points.map(([x, y], row) => `${row ? "L" : "M"}${across(x).toFixed(1)} ${down(y).toFixed(1)}`).join("");
    parts.push(`<path d="${path}" fill="none" stroke="${plot.colours[index]}" stroke-width="1.8"${dash}/>`);
    parts.push(line(legend, 30, legend + 14, 30, `stroke="${plot.colours[index]}" stroke-width="2.5"${dash}`), text(legend + 19, 34, curve.name));
    legend += 36 + 6.2 * curve.name.length;
  });
  for (const one of plot.crossings) parts.push(`<circle cx="${across(one.x)}" cy="${down(one.y)}" r="3.5" fill="#fff" stroke="#11181f" stroke-width="1.5"/>`, text(across(one.x) + 7, down(one.y) - 6, one.label, 'font-weight="600"'));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${tall}" viewBox="0 0 ${wide} ${tall}" font-family="Inter, Arial, sans-serif" font-size="11" fill="#11181f"><rect width="${wide}" height="${tall}" fill="#ffffff"/>${parts.join("")}</svg>\n`;
}

export function saveSvg(plot: Drawn): void {
  download(fileName(plot.title, "svg"), new Blob([asSvg(plot)], { type: "image/svg+xml" }));
}
