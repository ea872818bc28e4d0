// The motion of a movie: the way of its frames from the first to the last, with a scale bar in Å.
import { useResource, type Schema } from "../../api/client";
import { useSize } from "./size";

export function Track(props: { path: string; row: number; total: number | undefined }) {
  const found = useResource<Schema<"MotionTrack">>("micrographs/track", { path: props.path, row: props.row });
  const track = found.data;
  const sum = props.total ?? track?.total_A;
  return (
    <figure class="card cur-figure">
      <figcaption>
        <b>Motion</b>
        <span>{track ? `${sum !== undefined && Number.isFinite(sum) ? `${sum.toFixed(1)} Å in ` : ""}${track.x_A.length} frames` : ""}</span>
      </figcaption>
      {found.problem ? <p class="cur-why">{found.problem.message}</p> : track && <Drawing track={track} />}
    </figure>
  );
}

function Drawing({ track }: { track: Schema<"MotionTrack"> }) {
  const [box, { width, height }] = useSize();
  const xs = track.x_A;
  const ys = track.y_A;
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = Math.min((width - 60) / Math.max(right - left, 0.5), (height - 56) / Math.max(bottom - top, 0.5));
  const x = (value: number) => 30 + (value - left) * scale + (width - 60 - (right - left) * scale) / 2;
  const y = (value: number) => 16 + (bottom - value) * scale + (height - 56 - (bottom - top) * scale) / 2;
  const bar_A = [0.5, 1, 2, 5, 10, 20, 50].find((one) => one * scale >= 28) ?? 50;
  const points = xs.map((value, i) => `${x(value).toFixed(1)},${y(ys[i]!).toFixed(1)}`).join(" ");
  const words = `Way of ${xs.length} frames; from first to last ${Math.hypot(xs[xs.length - 1]! - xs[0]!, ys[ys.length - 1]! - ys[0]!).toFixed(1)} Å apart.`;
  return (
    <div class="cur-track" ref={box}>
      <svg width={width} height={height} role="img" aria-label={words}>
        <polyline points={points} class="cur-way" />
        {xs.map((value, i) => <circle key={i} cx={x(value)} cy={y(ys[i]!)} r={2.1} class="cur-frame" opacity={1 - i / (xs.length * 1.6)} />)}
        <circle cx={x(xs[0]!)} cy={y(ys[0]!)} r={4} class="cur-first" />
        <text x={Math.max(14, x(xs[0]!))} y={Math.min(height - 24, y(ys[0]!) + 17)} text-anchor="middle">first</text>
        <line x1={width - 8 - bar_A * scale} x2={width - 8} y1={height - 20} y2={height - 20} class="cur-scale" />
        <text x={width - 8} y={height - 6} text-anchor="end">{bar_A} Å</text>
      </svg>
    </div>
  );
}
