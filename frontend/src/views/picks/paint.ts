// Draws picks over a micrograph: circles of the particle's diameter, dashed where limits leave them out, a dot where added by hand.
import type { Paint } from "../../parts/Picture";
import type { Pick } from "./edits";

const MARK = "#4fd8f5";
const OUT = "#f6ae20";
/** From low to high, told apart also by those who do not see colours (after cividis). */
const RAMP = ["#5aa0ff", "#93b7ea", "#cfd2cf", "#ead98c", "#fff04d"];

export interface Shown {
  picks: Pick[];
  diameterPx: number;
  marked: ReadonlySet<string>;
  /** Scores from low to high as colours; null: one colour. */
  range: [number, number] | null;
  hideOut: boolean;
}

export function paintPicks(paint: Paint, shown: Shown): void {
  const { context, screen } = paint;
  const radius = Math.max((shown.diameterPx / 2) * paint.zoom, 3);
  const groups = new Map<string, [number, number][]>();
  const dots: [number, number][] = [];
  const rings: [number, number][] = [];
  for (const pick of shown.picks) {
    const at = paint.at(pick.x, pick.y);
    if (at[0] < -radius || at[1] < -radius || at[0] > screen.width + radius || at[1] > screen.height + radius) continue;
    if (!pick.kept && shown.hideOut) continue;
    const colour = !pick.kept ? OUT : shown.range && pick.score !== null ? rampColour(pick.score, shown.range) : MARK;
    if (!groups.has(colour)) groups.set(colour, []);
    groups.get(colour)!.push(at);
    if (pick.added) dots.push(at);
    if (shown.marked.has(pick.key)) rings.push(at);
  }
  context.lineWidth = 3;
  for (const [colour, places] of groups) if (colour !== OUT) circles(context, places, radius, "rgb(0 0 0 / .35)", []);
  context.lineWidth = 1.5;
  for (const [colour, places] of groups) circles(context, places, radius, colour, colour === OUT ? [4, 3] : []);
  for (const at of dots) disc(context, at, Math.min(3, radius / 2));
  context.lineWidth = 2.5;
  circles(context, rings, radius + 1, "#fff", []);
}

/** The ring of the eraser. */
export function paintBrush(paint: Paint, at: [number, number], radiusPx: number): void {
  const { context } = paint;
  context.lineWidth = 1.5;
  const radius = radiusPx * paint.zoom;
  context.fillStyle = "rgb(246 174 32 / .12)";
  context.beginPath();
  context.arc(...paint.at(...at), radius, 0, 2 * Math.PI);
  context.fill();
  circles(context, [paint.at(...at)], radius, OUT, [3, 3]);
}

function circles(context: CanvasRenderingContext2D, places: [number, number][], radius: number, colour: string, dash: number[]): void {
  context.strokeStyle = colour;
  context.setLineDash(dash);
  context.beginPath();
  for (const [x, y] of places) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.stroke();
  context.setLineDash([]);
}

function disc(context: CanvasRenderingContext2D, at: [number, number], radius: number): void {
  context.fillStyle = MARK;
  context.beginPath();
  context.arc(at[0], at[1], radius, 0, 2 * Math.PI);
  context.fill();
}

function rampColour(score: number, [low, high]: [number, number]): string {
  const part = Math.min(Math.max((score - low) / Math.max(high - low, 1e-9), 0), 1);
  return RAMP[Math.round(part * (RAMP.length - 1))]!;
}
