// What a plot shows, as plain data: curves on one axis, ticks of a resolution axis, comma-separated text. No drawing here.

export interface Curve {
  name: string;
  x: ArrayLike<number>;
  /** A value that is not there is null or not finite: the line has a gap. */
  y: ArrayLike<number | null>;
  /** Colour by token, "--s1" ... "--s5" in order when not given. */
  token?: string;
  /** Dashed; from the sixth curve on it is so without asking. */
  dash?: boolean;
  /** line is the default; bars for histograms (x: the middle of each bin), steps for counts that jump, points without a line. */
  style?: "line" | "bars" | "steps" | "points";
  /** Against a second axis at the right. */
  right?: boolean;
}

/** A straight line across the plot: a threshold, a step of sampling, the iteration in view. */
export interface Mark {
  axis: "x" | "y";
  at: number;
  label?: string;
  token?: string;
  /** Thresholds are dashed, "now" is a strong line, "event" a thin one. */
  kind?: "threshold" | "now" | "event";
  /** The line can be moved, by pointer and by arrow keys; called with the new place. */
  onMove?: (at: number) => void;
  /** Step of the arrow keys. */
  step?: number;
}

/** A point written at its curve: "2.9 Å". The server has computed it. */
export interface Crossing {
  x: number;
  y: number;
  label: string;
}

export interface Axis {
  name: string;
  unit?: string;
  /** resolution: x is in 1/Å, labelled with Å above 1/Å. */
  kind?: "plain" | "resolution" | "log";
  low?: number;
  high?: number;
  /** Best at the top although it is smallest: resolution in Å. */
  reversed?: boolean;
}

/** Curves on their common x values, as uPlot takes them. */
export function aligned(curves: Curve[]): [number[], ...(number | null)[][]] {
  const places = new Set<number>();
  for (const curve of curves) for (let i = 0; i < curve.x.length; i++) if (Number.isFinite(curve.x[i]!)) places.add(curve.x[i]!);
  const x = [...places].sort((a, b) => a - b);
  const at = new Map(x.map((value, index) => [value, index]));
  const columns = curves.map((curve) => {
    const column = new Array<number | null | undefined>(x.length).fill(undefined);
    for (let i = 0; i < curve.x.length; i++) {
      const place = at.get(curve.x[i]!);
      const value = curve.y[i];
      if (place !== undefined) column[place] = value !== null && value !== undefined && Number.isFinite(value) ? value : null;
    }
    return column as (number | null)[];
  });
  return [x, ...columns];
}

/** Places for labels of a resolution axis: 10, 5, 3.33, 2.5, 2 Å, that is even steps of 1/Å, at most six. */
export function resolutionTicks(low: number, high: number): number[] {
  const span = high - low;
  if (!(span > 0)) return [];
  const step = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((one) => span / one <= 6.01) ?? span / 6;
  const ticks: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9; k++) ticks.push(k * step);
  return ticks;
}

/** A frequency in Å: "3.33", and "∞" at the origin. */
export function inAngstrom(frequency: number): string {
  if (frequency <= 1e-9) return "∞";
  const value = 1 / frequency;
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** A number as it is read off a plot: four figures, thousands with a comma. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(2);
  return Number.isInteger(value) ? value.toLocaleString("en") : Number(value.toPrecision(4)).toLocaleString("en", { maximumFractionDigits: 6 });
}

/** The value of each curve nearest to x, for the readout. */
export function valuesAt(data: [number[], ...(number | null)[][]], x: number): { x: number; values: (number | null)[] } {
  const places = data[0];
  if (!places.length) return { x, values: data.slice(1).map(() => null) };
  let best = 0;
  for (let i = 1; i < places.length; i++) if (Math.abs(places[i]! - x) < Math.abs(places[best]! - x)) best = i;
  const values = data.slice(1).map((column) => {
    for (let away = 0; away <= 2; away++) for (const i of [best - away, best + away]) if (typeof column[i] === "number") return column[i]!;
    return null;
  });
  return { x: places[best]!, values };
}

/** Head of a column: its name with the unit. */
export function headOf(axis: Axis): string {
  return axis.unit ? `${axis.name} (${axis.unit})` : axis.name;
}

/** The curves as comma-separated text, one row for each place; a resolution axis gets a column in Å. */
export function asCsv(curves: Curve[], x: Axis): string {
  const [places, ...columns] = aligned(curves);
  const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const heads = [headOf(x), ...(x.kind === "resolution" ? ["Resolution (Å)"] : []), ...curves.map((curve) => curve.name)];
  const rows = places.map((place, row) => {
    const tail = columns.map((column) => (typeof column[row] === "number" ? String(column[row]) : ""));
    return [String(place), ...(x.kind === "resolution" ? [place > 0 ? String(Number((1 / place).toPrecision(7))) : ""] : []), ...tail].join(",");
  });
  return [heads.map(quoted).join(","), ...rows].join("\n") + "\n";
}

/** One sentence that says what the plot shows, for those who do not see it. */
export function inWords(title: string, curves: Curve[], x: Axis, crossings: Crossing[]): string {
  const parts = curves.map((curve) => {
    const values = Array.from(curve.y).filter((v): v is number => typeof v === "number" && Number.isFinite(v));
    return values.length ? `${curve.name} from ${figure(values[0])} to ${figure(values[values.length - 1])}` : `${curve.name} without values`;
  });
  const found = crossings.map((one) => one.label).join(", ");
  return `${title}, against ${headOf(x)}: ${parts.join("; ")}${found ? `; marked: ${found}` : ""}`;
}
