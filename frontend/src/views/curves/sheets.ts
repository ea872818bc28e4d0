// Sheets of curves as the server sends them, made into what the plots take; two jobs laid over one another.
import type { Schema } from "../../api/client";
import type { Axis, Crossing, Curve, Mark } from "../../parts/plotData";

export type Sheet = Schema<"CurveSheet">;

export interface Laid {
  title: string;
  sentence: string;
  curves: Curve[];
  x: Axis;
  y: Axis;
  right?: Axis;
  marks: Mark[];
  crossings: Crossing[];
}

function axis(said: Schema<"AxisData">): Axis {
  const made: Axis = { name: said.name, unit: said.unit, kind: said.kind, reversed: said.reversed };
  if (said.low !== null && said.low !== undefined) made.low = said.low;
  if (said.high !== null && said.high !== undefined) made.high = said.high;
  return made;
}

/** "4.74 Å", as the server computed it. */
export function angstrom(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} Å`;
}

/** One sheet, or the same sheet of several jobs: then each job has a colour, and its first curve alone the label. */
export function lay(sheets: { name: string; sheet: Sheet }[]): Laid {
  const first = sheets[0]!.sheet;
  const several = sheets.length > 1;
  const curves: Curve[] = [];
  const crossings: Crossing[] = [];
  sheets.forEach(({ name, sheet }, job) => {
    const shown = several ? sheet.curves.slice(0, 1) : sheet.curves;
    shown.forEach((curve, place) => {
      const made: Curve = { name: several ? `${name} · ${curve.name}` : curve.name, x: curve.x, y: curve.y, style: curve.style, right: curve.right };
      if (several) made.token = `--s${(job % 5) + 1}`;
      curves.push(made);
      const at = place === 0 ? curve.crossings?.find((one) => one.threshold === 0.143) : undefined;
      if (at) crossings.push({ x: at.at, y: at.value, label: angstrom(at.resolution_A) });
    });
  });
  const lines: Mark[] = [...(first.thresholds ?? []).map((one) => ({ ...one, kind: "threshold" as const })), ...(first.events ?? []).map((one) => ({ ...one, kind: "event" as const }))];
  return { title: first.title, sentence: several ? "" : (first.sentence ?? ""), curves, x: axis(first.x), y: axis(first.y), ...(first.right ? { right: axis(first.right) } : {}), marks: lines, crossings };
}

/** The kinds of sheets that several jobs share, in the order of the first. */
export function shared(jobs: { name: string; sheets: Sheet[] }[]): { kind: string; sheets: { name: string; sheet: Sheet }[] }[] {
  const first = jobs[0]?.sheets ?? [];
  return first.map((sheet) => ({
    kind: sheet.kind,
    sheets: jobs.flatMap((job) => {
      const found = job.sheets.find((one) => one.kind === sheet.kind);
      return found ? [{ name: job.name, sheet: found }] : [];
    }),
  }));
}
