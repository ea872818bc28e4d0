// What is marked in the plot: the count at once, the same box as numbers to be typed, and turning a box into words of the filter.
import { useEffect, useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { setQuery } from "../../app/place";
import { frameOf, type Point } from "./lasso";
import type { Plotted } from "./plotted";
import { short } from "./rows";

interface MarksProps {
  plotted: Plotted;
  x: Schema<"TableColumn">;
  y: Schema<"TableColumn"> | undefined;
  all: number;
  q: string;
}

type Sides = "x0" | "x1" | "y0" | "y1";

/** Whether an outline is an upright box. */
function isBox(points: Point[]): boolean {
  return points.length === 4 && new Set(points.map((point) => point[0])).size === 2 && new Set(points.map((point) => point[1])).size === 2;
}

export function Marks(props: MarksProps) {
  const { plotted, x, y } = props;
  const { marked, spans } = plotted;
  const [typed, setTyped] = useState<Partial<Record<Sides, string>>>({});
  useEffect(() => setTyped({}), [x.name, y?.name]);
  const frame = marked ? frameOf(marked.points) : undefined;
  const seen = (side: Sides) => typed[side] ?? (frame && (y || side.startsWith("x")) ? short(frame[side]) : "");
  const apply = () => {
    if (!spans) return;
    const value = (side: Sides, open: number) => (seen(side).trim() === "" ? open : Number(seen(side)));
    const [x0, x1] = [value("x0", spans.x[0]), value("x1", spans.x[1])];
    const [y0, y1] = y ? [value("y0", spans.y[0]), value("y1", spans.y[1])] : [spans.x[0] - 1, spans.x[1] + 1];
    if ([x0, x1, y0, y1].every(Number.isFinite)) plotted.mark([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]);
    setTyped({});
  };
  const words = () => {
    if (!frame) return;
    const range = (column: string, low: number, high: number) => `${column} >= ${short(low)} and ${column} <= ${short(high)}`;
    const rule = [range(x.name, frame.x0, frame.x1), ...(y ? [range(y.name, frame.y0, frame.y1)] : [])].join(" and ");
    plotted.clear();
    setQuery({ q: props.q ? `(${props.q}) and ${rule}` : rule, row: null });
  };
  const box = (side: Sides, title: string) => (
    <input class="field-box" aria-label={title} inputMode="decimal" placeholder="any" value={seen(side)} onInput={(event) => setTyped({ ...typed, [side]: event.currentTarget.value })} onKeyDown={(event) => event.key === "Enter" && apply()} />
  );
  return (
    <div class="table-marks">
      <p aria-live="polite" class="table-count" data-took={marked ? marked.took_ms.toFixed(0) : undefined}>
        {marked ? <><b>{marked.rows.length.toLocaleString("en")}</b> of {props.all.toLocaleString("en")} rows in the outline</> : <span class="quiet">Draw over the plot, or type a box, to mark rows.</span>}
      </p>
      <div class="table-box">
        <span class="cut" title={x.name}>{x.name}</span>{box("x0", `${x.name} from`)}–{box("x1", `${x.name} to`)}
        {y && <><span class="cut" title={y.name}>{y.name}</span>{box("y0", `${y.name} from`)}–{box("y1", `${y.name} to`)}</>}
      </div>
      <div class="row">
        <button type="button" class="button small-button" disabled={!Object.keys(typed).length} onClick={apply}>Mark box</button>
        <button type="button" class="button small-button" disabled={!marked || (!!y && !isBox(marked.points))} title={marked && y && !isBox(marked.points) ? "A free outline cannot be put in words; save it as a subset" : undefined} onClick={words}>Into the filter</button>
        <button type="button" class="button bare small-button" disabled={!marked} onClick={plotted.clear}>Clear</button>
      </div>
    </div>
  );
}
