// Reckons beside the page: the density of two columns and the points in an outline, so that the hand is never held up.
import { density, pointsIn, spanOf, type Frame, type Point } from "./lasso";

export type Ask =
  | { kind: "columns"; x: Float32Array; y: Float32Array }
  | { kind: "density"; id: number; frame: Frame; width: number; height: number }
  | { kind: "outline"; id: number; points: Point[] };

export type Told =
  | { kind: "spans"; x: [number, number]; y: [number, number] }
  | { kind: "density"; id: number; cells: Uint32Array; width: number; height: number }
  | { kind: "outline"; id: number; rows: Uint32Array; took_ms: number };

let x: Float32Array = new Float32Array(0);
let y: Float32Array = new Float32Array(0);

onmessage = (event: MessageEvent<Ask>) => {
  const ask = event.data;
  if (ask.kind === "columns") {
    [x, y] = [ask.x, ask.y];
    tell({ kind: "spans", x: spanOf(x), y: spanOf(y) });
  } else if (ask.kind === "density") {
    const cells = density(x, y, ask.frame, ask.width, ask.height);
    tell({ kind: "density", id: ask.id, cells, width: ask.width, height: ask.height }, [cells.buffer]);
  } else {
    const began = performance.now();
    const rows = pointsIn(x, y, ask.points);
    tell({ kind: "outline", id: ask.id, rows, took_ms: performance.now() - began }, [rows.buffer]);
  }
};

function tell(told: Told, hand: Transferable[] = []): void {
  (postMessage as (message: Told, hand: Transferable[]) => void)(told, hand);
}
