// The way of the specimen while it was exposed, over the movie: at a grid of places where local motion is known, much enlarged.
import type { Schema } from "../../api/client";

type Way = Schema<"Way">;

export function Tracks({ track, upTo }: { track: Schema<"MovieTrack">; upTo: number }) {
  const size = track.pixel_size_A || 1;
  const ways = track.local.length ? track.local : [track.whole];
  const far = ways.reduce((most, way) => Math.max(most, ...way.x_A.map((x, n) => Math.hypot(x, way.y_A[n] ?? 0))), 0) / size;
  const room = Math.min(track.width, track.height) / (track.local.length ? 8 : 4);
  const times = far > 0 ? room / far : 1;
  const frame = Math.min(Math.max(upTo - track.first_frame, 0), Math.max(track.whole.x_A.length - 1, 0));
  return (
    <>
      <svg class="movies-tracks" viewBox={`0 0 ${track.width} ${track.height}`} role="img" aria-label={`Motion of ${track.total_A.toFixed(1)} Å in ${track.whole.x_A.length} frames, drawn ${times.toFixed(0)} times enlarged`}>
        {ways.map((way, n) => <Line key={n} way={way} scale={times / size} frame={frame} width={track.width / 400} />)}
      </svg>
      <span class="movies-times">motion {times.toFixed(0)} times enlarged</span>
    </>
  );
}

function Line({ way, scale, frame, width }: { way: Way; scale: number; frame: number; width: number }) {
  const [x0, y0] = way.at;
  const points = way.x_A.map((x, n) => [x0 + x * scale, y0 + (way.y_A[n] ?? 0) * scale] as const);
  const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const here = points[frame];
  return (
    <g>
      <polyline points={path} fill="none" stroke="#000" stroke-width={width * 2.6} stroke-linejoin="round" opacity="0.55" />
      <polyline points={path} fill="none" stroke="#4fd8f5" stroke-width={width * 1.2} stroke-linejoin="round" />
      <circle cx={x0} cy={y0} r={width * 3} fill="none" stroke="#f6ae20" stroke-width={width * 1.4} />
      {here && <circle cx={here[0]} cy={here[1]} r={width * 2.6} fill="#fff" stroke="#000" stroke-width={width * 0.6} />}
    </g>
  );
}
