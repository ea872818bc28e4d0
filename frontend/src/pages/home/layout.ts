// Where the nodes of the pipeline stand and how its lines run; pure numbers, so that thousands of jobs are drawn quickly.
import type { Schema } from "../../api/client";

export type GraphPage = Schema<"GraphPage">;
export type GraphNode = Schema<"GraphNode">;

export interface Layout {
  width: number;
  height: number;
  node_width: number;
  node_height: number;
  column_width: number;
  /** Left upper corners, by place in the page's nodes. */
  x: Float32Array;
  y: Float32Array;
}

const HEAD = 30;
const TREE_GAP = 24;
/** Narrower, a node says nothing: the picture scrolls sideways then. */
const LEAST_COLUMN = 88;

/** Stages: columns share the width, rows the height down to a least one. `fit`: rows so low that all are seen, where that can be read. */
export function stagesLayout(page: GraphPage, width: number, height: number, fit: boolean): Layout {
  const column_width = Math.max(LEAST_COLUMN, width / Math.max(1, page.stages.length));
  const node_width = Math.min(184, column_width - 17);
  const least = fit ? 26 : 50;
  const row = Math.max(least, Math.min(74, (height - HEAD - 6) / Math.max(1, page.rows)));
  const node_height = Math.min(46, row - 7);
  const x = new Float32Array(page.nodes.length);
  const y = new Float32Array(page.nodes.length);
  page.nodes.forEach((node, i) => {
    x[i] = node.stage! * column_width + (column_width - node_width) / 2;
    y[i] = HEAD + node.row! * row;
  });
  return { width: Math.max(width, column_width * page.stages.length), height: Math.max(height, HEAD + page.rows * row + 8), node_width, node_height, column_width, x, y };
}

/** The layout as it stands at a place of the scroll bar: each column scrolls by itself, so that short ones stay in sight and at the foot
 * every column shows its newest. */
export function scrolled(at: Layout, page: GraphPage, top: number, height: number): Layout {
  const way = Math.max(0, at.height - height);
  if (!way || !page.stages.length) return at;
  const share = Math.min(1, Math.max(0, top / way));
  const foot = columnFeet(at, page);
  const shift = foot.map((y) => top - share * Math.max(0, y - height));
  return { ...at, y: at.y.map((y, i) => y + shift[page.nodes[i]!.stage!]!) };
}

/** Where the scroll bar must stand so that a node is in the middle, as far as its column allows. */
export function scrollTo(index: number, at: Layout, page: GraphPage, height: number): number {
  const foot = page.stages.length ? columnFeet(at, page)[page.nodes[index]!.stage!]! : at.height;
  const own = Math.max(0, foot - height);
  if (!own) return -1;
  const wanted = Math.min(own, Math.max(0, at.y[index]! - height / 2));
  return (wanted / own) * Math.max(0, at.height - height);
}

function columnFeet(at: Layout, page: GraphPage): number[] {
  const feet = page.stages.map(() => 0);
  page.nodes.forEach((node, i) => (feet[node.stage!] = Math.max(feet[node.stage!]!, at.y[i]! + at.node_height + 14)));
  return feet;
}

/** A tree: places as the server says, scaled down where it is wider than the window. */
export function treeLayout(page: GraphPage, width: number, height: number): Layout {
  const node_width = 150;
  const scale = Math.max(0.75, Math.min(1, (width - 32) / Math.max(1, page.width ?? 1)));
  const whole = (page.width ?? 0) * scale;
  const left = Math.max(16, (width - whole) / 2);
  const row = 46 + TREE_GAP;
  const x = Float32Array.from(page.nodes, (node) => left + node.x! * scale);
  const y = Float32Array.from(page.nodes, (node) => 14 + node.row! * row);
  return { width: Math.max(width, whole + 32), height: Math.max(height, 14 + page.rows * row), node_width: node_width * scale, node_height: 46, column_width: 0, x, y };
}

export interface Near {
  parents: number[][];
  children: number[][];
}

export function near(page: GraphPage): Near {
  const parents: number[][] = page.nodes.map(() => []);
  const children: number[][] = page.nodes.map(() => []);
  for (const [from, to] of page.edges as [number, number][]) {
    children[from]!.push(to);
    parents[to]!.push(from);
  }
  return { parents, children };
}

/** A node with everything it goes back to and everything that goes back to it. */
export function kin(start: number, ways: Near): Set<number> {
  const seen = new Set([start]);
  for (const next of [ways.parents, ways.children]) {
    const left = [start];
    while (left.length)
      for (const other of next[left.pop()!] ?? [])
        if (!seen.has(other) || other === start) {
          if (other === start) continue;
          seen.add(other);
          left.push(other);
        }
  }
  return seen;
}

/** The node that an arrow leads to: right to what came of it, left to what it is of, up and down in its column (stages) or row (tree). */
export function step(key: string, at: number, page: GraphPage, ways: Near, tree: boolean): number | undefined {
  const [forth, back] = tree ? ["ArrowDown", "ArrowUp"] : ["ArrowRight", "ArrowLeft"];
  if (key === forth) return ways.children[at]?.[0];
  if (key === back) return ways.parents[at]?.[0];
  if (key === "Home") return page.nodes.length ? 0 : undefined;
  if (key === "End") return page.nodes.length - 1;
  const here = page.nodes[at];
  if (!here || !/^Arrow/.test(key)) return undefined;
  const onward = key === "ArrowDown" || key === "ArrowRight";
  let best: number | undefined;
  page.nodes.forEach((node, i) => {
    if (i === at || (tree ? node.row !== here.row : node.stage !== here.stage)) return;
    const far = tree ? node.x! - here.x! : node.row! - here.row!;
    if (onward ? far <= 0 : far >= 0) return;
    const before = best === undefined ? Infinity : Math.abs(tree ? page.nodes[best]!.x! - here.x! : page.nodes[best]!.row! - here.row!);
    if (Math.abs(far) < before) best = i;
  });
  return best;
}

/** The way of a line from one node to another, as the points of a curve: [start, two handles, end]; straight ones repeat theirs. */
export function curve(from: number, to: number, page: GraphPage, at: Layout, tree: boolean): [number, number, number, number, number, number, number, number] {
  const { x, y, node_width: w, node_height: h } = at;
  const [ax, ay, bx, by] = [x[from]!, y[from]!, x[to]!, y[to]!];
  if (tree) {
    const [x1, y1, x2, y2] = [ax + w / 2, ay + h, bx + w / 2, by - 1];
    const middle = (y1 + y2) / 2;
    return [x1, y1, x1, middle, x2, middle, x2, y2];
  }
  const a = page.nodes[from]!.stage!;
  const b = page.nodes[to]!.stage!;
  if (a === b) {
    const next = by - ay < h * 2.4 && by > ay;
    if (next) return [ax + w / 2, ay + h, ax + w / 2, ay + h, bx + w / 2, by - 1, bx + w / 2, by - 1];
    // Past other nodes of the column, in the gap at its right.
    return [ax + w, ay + h / 2, ax + w + 13, ay + h / 2, bx + w + 13, by + h / 2, bx + w + 1, by + h / 2];
  }
  if (a < b) {
    const [x1, y1, x2, y2] = [ax + w, ay + h / 2, bx - 1, by + h / 2];
    const middle = (x1 + x2) / 2;
    return [x1, y1, middle, y1, middle, y2, x2, y2];
  }
  // Back to an earlier stage: it curves left, and is seen to be a return.
  const [x1, y1, x2, y2] = [ax, ay + h * 0.7, bx + w + 1, by + h * 0.5];
  const reach = (x1 - x2) * 0.5;
  return [x1, y1, x1 - reach * 0.7, y1, x2 + reach * 0.9, y2, x2, y2];
}
