// The graph of a Scheme: a row for each step from the first node, forks with their conditions, the present node lit.
import type { Schema } from "../../api/client";
import { to } from "../../app/place";

const WIDTH = 230, HEIGHT = 46, GAP_X = 28, GAP_Y = 34, MARGIN = 16;

interface Props {
  scheme: Schema<"SchemeShown">;
  chosen: string;
  onChoose: (node: string) => void;
}

interface Spot {
  x: number;
  y: number;
}

/** Where each node stands: its level downwards, nodes of one level side by side. */
function spots(nodes: { name: string; level: number }[]): Map<string, Spot> {
  const inLevel = new Map<number, number>();
  const found = new Map<string, Spot>();
  for (const node of nodes) {
    const column = inLevel.get(node.level) ?? 0;
    inLevel.set(node.level, column + 1);
    found.set(node.name, { x: MARGIN + column * (WIDTH + GAP_X), y: MARGIN + node.level * (HEIGHT + GAP_Y) });
  }
  return found;
}

export function SchemeGraph({ scheme, chosen, onChoose }: Props) {
  const places = spots(scheme.graph);
  const width = Math.max(...[...places.values()].map((spot) => spot.x)) + WIDTH + 90;
  const height = Math.max(...[...places.values()].map((spot) => spot.y)) + HEIGHT + MARGIN;
  return (
    <div class="schemes-canvas" style={{ width, height }}>
      <svg width={width} height={height} aria-hidden="true">
        <defs><marker id="scheme-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor" /></marker></defs>
        {scheme.edges.map((edge) => {
          const from = places.get(edge.begin), end = places.get(edge.end);
          return from && end ? <Edge key={`${edge.begin}>${edge.end}>${edge.when}`} from={from} end={end} when={edge.when} /> : null;
        })}
      </svg>
      <ul>
        {scheme.graph.map((node) => {
          const spot = places.get(node.name)!;
          const at = node.name === scheme.at;
          return (
            <li key={node.name} style={{ left: spot.x, top: spot.y, width: WIDTH, height: HEIGHT }}>
              <button type="button" class={`schemes-node ${node.kind}${at ? " at" : ""}`} aria-pressed={node.name === chosen} aria-current={at ? "step" : undefined}
                onClick={() => onChoose(node.name === chosen ? "" : node.name)}>
                <span class="strong cut">{node.name}</span>
                <span class="small quiet cut mono">{node.meaning}</span>
              </button>
              {node.job && <a class="schemes-job small" href={to(`job/${node.job.replace(/^.*job/, "")}`)}>{node.job}</a>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Edge({ from, end, when }: { from: Spot; end: Spot; when: string }) {
  const down = end.y > from.y;
  const x1 = from.x + WIDTH / 2, x2 = end.x + WIDTH / 2;
  const side = Math.max(from.x, end.x) + WIDTH + 40;
  const path = down
    ? `M${x1} ${from.y + HEIGHT}C${x1} ${from.y + HEIGHT + GAP_Y} ${x2} ${end.y - GAP_Y} ${x2} ${end.y - 2}`
    : `M${from.x + WIDTH} ${from.y + HEIGHT / 2}C${side} ${from.y + HEIGHT / 2} ${side} ${end.y + HEIGHT / 2} ${end.x + WIDTH + 2} ${end.y + HEIGHT / 2}`;
  return (
    <g class="schemes-edge">
      <path d={path} marker-end="url(#scheme-tip)" />
      {when && <text x={down ? (x1 + x2) / 2 + 6 : side - 24} y={down ? from.y + HEIGHT + 15 : (from.y + end.y + HEIGHT) / 2}>{when}</text>}
    </g>
  );
}
