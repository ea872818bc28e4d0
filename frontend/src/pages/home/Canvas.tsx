// Nodes and lines of the pipeline: lines on a canvas, nodes as links, both only where they are in sight. A tree to the keyboard.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { address } from "../../api/client";
import { go, to } from "../../app/place";
import { presentJob } from "../../app/folds";
import { colour, theme } from "../../app/theme";
import { shortKey } from "../../app/words";
import { Glyph, stateToken, stateWord } from "../../parts/Glyph";
import { curve, kin, near, scrolled, scrollTo, stagesLayout, step, treeLayout, type GraphNode, type GraphPage, type Layout } from "./layout";

const BEYOND = 240;

export function Canvas(props: { page: GraphPage; tree: boolean; fit: boolean }) {
  const { page, tree } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [view, setView] = useState({ width: 0, height: 0, top: 0, left: 0 });
  const [over, setOver] = useState(-1);
  const [at, setAt] = useState(-1);
  const wantsFocus = useRef(-1);
  const ways = useMemo(() => near(page), [page]);
  const whole = useMemo(() => (tree ? treeLayout(page, view.width, view.height) : stagesLayout(page, view.width, view.height, props.fit)), [page, tree, props.fit, view.width, view.height]);
  const layout = useMemo(() => (tree ? whole : scrolled(whole, page, view.top, view.height)), [whole, tree, view.top, view.height]);
  const lit = useMemo(() => (over >= 0 && over < page.nodes.length ? kin(over, ways) : undefined), [over, ways]);
  const focus = at >= 0 && at < page.nodes.length ? at : Math.max(0, page.nodes.findIndex((node) => node.job === (page.focus || presentJob.value)));

  useLayoutEffect(() => {
    const element = box.current!;
    const look = () => setView({ width: element.clientWidth, height: element.clientHeight, top: element.scrollTop, left: element.scrollLeft });
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  useEffect(() => {
    // The newest work is at the foot of its column: begin there; a tree begins at its job.
    const middle = page.nodes.findIndex((node) => node.job === page.focus);
    if (view.height) box.current!.scrollTop = tree ? (whole.y[Math.max(0, middle)] ?? 0) - view.height / 2 : whole.height;
  }, [view.height > 0, tree, props.fit, page.focus]);
  useEffect(() => {
    if (canvas.current && view.width) draw(canvas.current, page, layout, view, tree, lit);
  }, [page, layout, view, lit, theme.value]);
  useEffect(() => {
    // An effect of an earlier drawing may run after the key: the node is named, and waited for until it is drawn.
    const node = wantsFocus.current < 0 ? null : box.current?.querySelector<HTMLElement>(`[data-node="${wantsFocus.current}"]`);
    if (!node) return;
    wantsFocus.current = -1;
    node.focus({ preventScroll: true });
  });

  const key = (event: KeyboardEvent) => {
    const next = step(event.key, focus, page, ways, tree);
    if (event.key.startsWith("Arrow")) event.preventDefault();
    if (next === undefined) return;
    event.preventDefault();
    wantsFocus.current = next;
    setAt(next);
    setOver(next);
    const element = box.current!;
    const y = layout.y[next]! - element.scrollTop;
    if (y > 30 && y + layout.node_height < element.clientHeight) return;
    const place = scrollTo(next, whole, page, element.clientHeight);
    if (place >= 0) element.scrollTop = place;
  };
  const shown: number[] = [];
  for (let i = 0; i < page.nodes.length; i++) {
    const y = layout.y[i]!;
    if (i === focus || (y > view.top - BEYOND && y < view.top + view.height + BEYOND)) shown.push(i);
  }
  return (
    <div class="home-canvas" ref={box} tabIndex={-1}>
      <canvas ref={canvas} aria-hidden="true" style={{ width: view.width, height: view.height }} />
      <div class="home-ground" style={{ height: layout.height, width: layout.width > view.width ? layout.width : undefined, marginTop: -view.height }}>
        {!tree && (
          <div class="home-stages" aria-hidden="true">
            {page.stages.map((stage, i) => <div key={stage} style={{ left: i * layout.column_width, width: layout.column_width }}><span>{stage}</span></div>)}
          </div>
        )}
        <div role="tree" aria-label={tree ? `Job ${page.focus} with its ancestors and descendants` : "Jobs by stage"} onKeyDown={key} onPointerLeave={() => setOver(-1)} onFocusOut={() => setOver(-1)}>
          {view.width > 0 && shown.map((i) => (
            <Node key={page.nodes[i]!.job} node={page.nodes[i]!} index={i} layout={layout} level={(tree ? page.nodes[i]!.row! : page.nodes[i]!.stage!) + 1} focusable={i === focus} dim={lit ? !lit.has(i) : false} hover={setOver} take={setAt} />
          ))}
        </div>
      </div>
    </div>
  );
}

interface NodeProps {
  node: GraphNode;
  index: number;
  layout: Layout;
  level: number;
  focusable: boolean;
  dim: boolean;
  hover: (index: number) => void;
  take: (index: number) => void;
}

function Node(props: NodeProps) {
  const { node, index, layout } = props;
  const members = node.members ?? [];
  const name = members.length ? `${members[0]}–${members[members.length - 1]}` : node.title;
  const low = layout.node_height < 34;
  const [lost, setLost] = useState("");
  const pictured = Boolean(node.thumb) && lost !== node.thumb && !members.length && !low && layout.node_width > 150;
  const label = members.length ? `Jobs ${members[0]} to ${members[members.length - 1]}, ${members.length} finished; the last is ${node.title}, ${node.key}` : `${node.title}, job${node.job}, ${stateWord(node.state)}${node.key ? `, ${node.key}` : ""}`;
  return (
    <a role="treeitem" aria-level={props.level} data-node={index} tabIndex={props.focusable ? 0 : -1} href={members.length ? to("", { fold: "" }) : to(`job/${node.job}${node.state === "needs_you" ? "/answer" : ""}`)}
      class={`home-node ${node.state}${props.dim ? " dim" : ""}${low ? " low" : ""}${members.length ? " chain" : ""}${presentJob.value === node.job ? " present" : ""}${pictured ? " pictured" : ""}`}
      style={{ transform: `translate(${layout.x[index]}px, ${layout.y[index]}px)`, width: layout.node_width, height: layout.node_height }} title={layout.node_width < 130 || low ? label : undefined}
      onPointerEnter={() => props.hover(index)} onFocus={() => props.take(index)}
      onClick={members.length ? (event) => { event.preventDefault(); go(to("")); } : undefined}>
      {low ? <span class="home-node-line"><Glyph state={node.state} silent size={12} /><b class="cut grow">{name}</b>{layout.node_width > 120 && <em>{nodeKey(node, true)}</em>}</span> : (
        <>
          <b class="cut">{name}</b>
          <span class="home-node-line"><Glyph state={node.state} silent size={12} /><span class="cut">{members.length ? `${members.length} jobs` : layout.node_width < 100 ? node.job : `job${node.job}`}</span><em>{nodeKey(node, layout.node_width < 140 || pictured)}</em></span>
        </>
      )}
      {pictured && <img src={address(`jobs/${node.job}/thumb`, { size: 48, tag: node.thumb })} alt="" width={layout.node_height - 12} height={layout.node_height - 12} loading="lazy" onError={() => setLost(node.thumb)} />}
      <span class="hidden-text">{members.length ? `, jobs ${members[0]} to ${members.at(-1)}, finished` : `, ${stateWord(node.state)}`}</span>
      {node.share != null && <span class="bar" aria-hidden="true"><i style={{ width: `${node.share * 100}%` }} /></span>}
    </a>
  );
}

/** The key number as it fits: a share instead of long counts. */
function nodeKey(node: GraphNode, narrow: boolean): string {
  if (node.share != null && (narrow || node.key.length > 9) && node.key.length > 5) return `${Math.round(node.share * 100)}%`;
  return narrow ? shortKey(node.key).replace(/ classes$/, "") : shortKey(node.key);
}

/** Draw the lines in sight. */
function draw(canvas: HTMLCanvasElement, page: GraphPage, layout: Layout, view: { width: number; height: number; top: number; left: number }, tree: boolean, lit?: Set<number>): void {
  const dots = devicePixelRatio || 1;
  if (canvas.width !== Math.round(view.width * dots) || canvas.height !== Math.round(view.height * dots)) {
    canvas.width = Math.round(view.width * dots);
    canvas.height = Math.round(view.height * dots);
  }
  const pen = canvas.getContext("2d")!;
  pen.setTransform(dots, 0, 0, dots, -view.left * dots, -view.top * dots);
  pen.clearRect(view.left, view.top, view.width, view.height);
  const ink = { plain: colour("--line-strong"), lit: colour("--ink-2"), run: colour("--run"), fail: colour("--fail"), ask: colour("--ask") };
  pen.lineCap = pen.lineJoin = "round";
  for (const [from, to_] of page.edges as [number, number][]) {
    const top = Math.min(layout.y[from]!, layout.y[to_]!);
    const foot = Math.max(layout.y[from]!, layout.y[to_]!) + layout.node_height;
    if (foot < view.top - 20 || top > view.top + view.height + 20) continue;
    const state = page.nodes[to_]!.state;
    const both = lit ? lit.has(from) && lit.has(to_) : true;
    const token = stateToken(state);
    pen.strokeStyle = state === "running" ? ink.run : state === "failed" ? ink.fail : token === "ask" ? ink.ask : lit && both ? ink.lit : ink.plain;
    pen.globalAlpha = both ? 1 : 0.22;
    pen.lineWidth = lit && both ? 2 : 1.4;
    pen.setLineDash(token === "idle" ? [4, 3] : []);
    const way = curve(from, to_, page, layout, tree);
    pen.beginPath();
    pen.moveTo(way[0], way[1]);
    pen.bezierCurveTo(way[2], way[3], way[4], way[5], way[6], way[7]);
    pen.stroke();
    pen.setLineDash([]);
    const straight = way[4] === way[6] && way[5] === way[7];
    const angle = Math.atan2(way[7] - (straight ? way[1] : way[5]), way[6] - (straight ? way[0] : way[4]));
    pen.beginPath();
    for (const side of [-1, 1]) {
      pen.moveTo(way[6], way[7]);
      pen.lineTo(way[6] - 6 * Math.cos(angle + side * 0.5), way[7] - 6 * Math.sin(angle + side * 0.5));
    }
    pen.stroke();
  }
  pen.globalAlpha = 1;
}
