// Shares of classes over the iterations as stacked bands, with the same numbers as a table for those who do not see them.
import { useRef, useState } from "preact/hooks";
import "../../parts/plot.css";
import "./curves.css";

interface BandsProps {
  its: number[];
  /** Shares of the classes at each iteration. */
  shares: number[][];
  height?: number;
  /** The iteration in view. */
  now?: number;
}

const WIDE = 640;
const MOST = 40;

/** The edges of the bands at one iteration, from 0 to the sum. */
export function edges(shares: number[]): number[] {
  const found = [0];
  for (const share of shares) found.push(found[found.length - 1]! + share);
  return found;
}

export function Bands({ its, shares, height = 150, now }: BandsProps) {
  const [at, setAt] = useState<number | null>(null);
  const box = useRef<SVGSVGElement>(null);
  if (its.length < 2 || !shares[0]?.length) return null;
  const across = (place: number) => ((its[place]! - its[0]!) / (its[its.length - 1]! - its[0]! || 1)) * WIDE;
  const stacked = shares.map(edges);
  const classes = Math.min(MOST, shares[0].length);
  const down = (value: number) => height * (1 - value);
  const look = (event: PointerEvent) => {
    const frame = box.current!.getBoundingClientRect();
    const wish = its[0]! + ((event.clientX - frame.left) / frame.width) * (its[its.length - 1]! - its[0]!);
    setAt(its.reduce((best, it, place) => (Math.abs(it - wish) < Math.abs(its[best]! - wish) ? place : best), 0));
  };
  const shown = at ?? its.length - 1;
  const largest = shares[shown]!.map((share, index) => ({ share, index: index + 1 })).sort((a, b) => b.share - a.share).slice(0, 4);
  return (
    <figure class="curves-bands">
      <figcaption class="plot-head">
        <span class="plot-title grow">Share of particles by class</span>
        <span class="small second">iteration {its[shown]}: {largest.map((one) => `${one.index}: ${(100 * one.share).toFixed(1)} %`).join(" · ")}</span>
      </figcaption>
      <svg ref={box} viewBox={`0 0 ${WIDE} ${height}`} preserveAspectRatio="none" style={{ height }} role="img"
        aria-label={`Shares of ${shares[0].length} classes from iteration ${its[0]} to ${its[its.length - 1]}; the largest now is class ${largest[0]!.index} with ${(100 * largest[0]!.share).toFixed(1)} percent`}
        onPointerMove={look} onPointerLeave={() => setAt(null)}>
        {Array.from({ length: classes }, (_, band) => {
          const top = stacked.map((row, place) => `${across(place)},${down(row[band + 1]!)}`);
          const foot = stacked.map((row, place) => `${across(place)},${down(row[band]!)}`).reverse();
          return <polygon key={band} points={[...top, ...foot].join(" ")} fill={`var(--s${(band % 5) + 1})`} fill-opacity={0.85 - 0.22 * (Math.floor(band / 5) % 3)} stroke="var(--surface)" stroke-width="0.8" vector-effect="non-scaling-stroke" />;
        })}
        {now !== undefined && <line x1={across(its.indexOf(now))} x2={across(its.indexOf(now))} y1="0" y2={height} stroke="var(--ink)" stroke-dasharray="3 3" vector-effect="non-scaling-stroke" />}
      </svg>
      <div class="row small quiet curves-bands-foot"><span class="grow">iteration {its[0]}</span><span>{its[its.length - 1]}</span></div>
    </figure>
  );
}
