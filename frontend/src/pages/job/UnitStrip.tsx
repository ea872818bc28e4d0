// Every unit as one cell, coloured by the time it took: a slow stretch or a failed unit is seen at once. Drawn on a canvas.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { colour, theme } from "../../app/theme";
import { whole } from "../../app/words";

interface UnitStripProps {
  units: Schema<"UnitDone">[];
  total: number;
  aside: Schema<"SetAside">[];
  /** Units that are still to be done. */
  left: number;
}

const CELL = 12;
const GAP = 2;
const STEPS = 5;

/** The middle and the slow end of the times, by which cells are shaded. */
function scaleOf(units: Schema<"UnitDone">[]): { low: number; high: number } {
  const times = units.flatMap((unit) => (unit.seconds == null ? [] : [unit.seconds])).sort((a, b) => a - b);
  if (!times.length) return { low: 0, high: 1 };
  return { low: times[Math.floor(times.length * 0.05)]!, high: Math.max(times[Math.floor(times.length * 0.95)]!, 1e-6) };
}

export function UnitStrip({ units, total, aside, left }: UnitStripProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(600);
  const [at, setAt] = useState(-1);
  const cells = units.length + aside.length + Math.min(left, 5000);
  const across = Math.max(1, Math.floor(width / (CELL + GAP)));
  const rows = Math.ceil(cells / across);
  const { low, high } = scaleOf(units);
  useEffect(() => {
    const element = canvas.current?.parentElement;
    if (!element) return;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    const ratio = devicePixelRatio;
    element.width = width * ratio;
    element.height = rows * (CELL + GAP) * ratio;
    context.scale(ratio, ratio);
    const run = colour("--s1");
    const fail = colour("--fail");
    const none = colour("--line");
    for (let cell = 0; cell < cells; cell++) {
      const unit = units[cell];
      const slow = unit?.seconds == null ? 0.4 : Math.min(1, Math.max(0, (unit.seconds - low) / Math.max(high - low, 1e-9)));
      context.globalAlpha = unit ? 0.35 + (0.65 * Math.round(slow * (STEPS - 1))) / (STEPS - 1) : 1;
      context.fillStyle = unit ? run : cell < units.length + aside.length ? fail : none;
      context.fillRect((cell % across) * (CELL + GAP), Math.floor(cell / across) * (CELL + GAP), CELL, CELL);
    }
  }, [units, aside, cells, across, rows, width, theme.value]);
  const told = (cell: number): string => {
    const unit = units[cell];
    if (unit) return `${unit.key}${unit.seconds == null ? "" : `, ${unit.seconds < 10 ? unit.seconds.toFixed(1) : Math.round(unit.seconds)} s`}`;
    const failed = aside[cell - units.length];
    return failed ? `${failed.key}: ${failed.reason}` : "still to be done";
  };
  function move(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    setAt(Math.min(cells - 1, Math.max(0, at + step)));
  }
  return (
    <section class="card progress-strip" aria-label="Units">
      <p class="row small"><span class="second grow">{units.length < total ? `The last ${whole(units.length)} of ${whole(total)} units` : `${whole(total)} units`}, stronger where they took longer</span>
        <span class="quiet" aria-live="polite">{at >= 0 && at < cells ? told(at) : ""}</span></p>
      <div class="progress-strip-box">
        <canvas ref={canvas} style={{ width: "100%", height: rows * (CELL + GAP) }} tabIndex={0} role="img" aria-label={`${whole(units.length)} units done, ${aside.length} set aside, ${whole(left)} to do. Arrows go from unit to unit.`}
          onKeyDown={move} onPointerLeave={() => setAt(-1)}
          onPointerMove={(event) => setAt(Math.floor(event.offsetY / (CELL + GAP)) * across + Math.min(across - 1, Math.floor(event.offsetX / (CELL + GAP))))} />
      </div>
    </section>
  );
}
