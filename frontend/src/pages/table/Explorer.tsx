// The three parts of the explorer: columns, rows or pictures, plot; and what is marked in the plot with its count.
import { useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { setQuery, query } from "../../app/place";
import { VirtualRows, type RowColumn } from "../../parts/VirtualRows";
import { Gallery } from "../../views/particles/Gallery";
import { Columns, isNumber } from "./Columns";
import { Density } from "./Density";
import { Marks } from "./Marks";
import { usePlotted } from "./plotted";
import { inHead, shown, type Asked, type Page, type Windows } from "./rows";

interface ExplorerProps {
  rows: Windows;
  page: Page;
  asked: Asked;
  maySave: boolean;
  onSave: (wished: Partial<Schema<"Subset">>) => void;
}

export function Explorer(props: ExplorerProps) {
  const { rows, page, asked } = props;
  const [way, setWay] = useState<"lasso" | "box">("lasso");
  const [pictures, setPictures] = useState(false);
  const column = (name: string | null) => page.columns.find((one) => one.name === name && isNumber(one));
  const [x, y] = [column(query.value.get("x")), column(query.value.get("y"))];
  const plotted = usePlotted({ ...asked, block: page.block }, page.complete ? page.tag : "", (x ?? y)?.name ?? "", x ? (y?.name ?? "") : "");
  const marked = plotted.marked;
  const all = page.matched;
  return (
    <div class={`table-desk ${x || y ? "" : "table-no-plot"}`}>
      <Columns
        page={page}
        x={x?.name ?? ""}
        y={y?.name ?? ""}
        onBlock={(block) => setQuery({ block, q: null, sort: null, x: null, y: null, row: null })}
        onAxis={(axis, name) => setQuery({ [axis]: name })}
      />
      <section class="table-middle" aria-label="Rows">
        <div class="row table-bar">
          <h2 class="grow cut" aria-live="polite">
            {all === page.total ? `${page.total.toLocaleString("en")} rows` : `${all.toLocaleString("en")} of ${page.total.toLocaleString("en")} rows`}
            {rows.updating && <span class="quiet dense"> · {page.complete ? "updating" : "reading the rest"}</span>}
          </h2>
          {page.pictures && (
            <span class="segments" role="group" aria-label="Shown">
              <button type="button" aria-pressed={!pictures} onClick={() => setPictures(false)}>Rows</button>
              <button type="button" aria-pressed={pictures} onClick={() => setPictures(true)}>Pictures</button>
            </span>
          )}
          <button type="button" class="button small-button" disabled={!props.maySave || (!asked.q && !marked) || (marked ? !marked.rows.length : !all)}
            title={page.can_select ? "A selection job with the rule written in it" : "Only of micrographs and particles a subset can be made"}
            onClick={() => props.onSave(marked && x ? { lasso: { x: x.name, y: (y ?? x).name, points: marked.points } } : {})}>
            Save subset
          </button>
        </div>
        {page.broken_count > 0 && <Broken page={page} />}
        {pictures && page.pictures ? (
          <Gallery path={asked.path} tag={page.tag} block={page.block} q={asked.q} sort={asked.sort} total={all} {...(marked ? { only: marked.rows } : {})} />
        ) : (
          <RowTable rows={rows} page={page} sort={asked.sort} />
        )}
      </section>
      {(x || y) && (
        <section class="table-right" aria-label="Plot">
          <div class="row table-bar">
            <h2 class="grow cut">{x && y ? `${y.name} over ${x.name}` : (x ?? y)!.name}</h2>
            {x && y && (
              <span class="segments" role="group" aria-label="Way to mark">
                <button type="button" aria-pressed={way === "lasso"} onClick={() => setWay("lasso")}>Lasso</button>
                <button type="button" aria-pressed={way === "box"} onClick={() => setWay("box")}>Box</button>
              </span>
            )}
          </div>
          <Density plotted={plotted} x={(x ?? y)!} y={x ? y : undefined} way={way} all={all} />
          <Marks plotted={plotted} x={(x ?? y)!} y={x ? y : undefined} all={all} q={asked.q} />
        </section>
      )}
    </div>
  );
}

function RowTable(props: { rows: Windows; page: Page; sort: string }) {
  const { rows, page } = props;
  const heads: RowColumn[] = [
    { key: "#", head: "Row", width: 74, number: true },
    ...page.columns.map((column) => ({ key: column.name, head: inHead(column), width: isNumber(column) ? Math.max(78, 26 + 7 * inHead(column).length) : 230, number: isNumber(column), sortable: true })),
  ];
  const places = new Map(page.columns.map((column, place) => [column.name, place]));
  const at = Number(query.value.get("row") ?? 0) - 1;
  return (
    <VirtualRows
      label={`Rows of ${page.block || page.path}`}
      count={page.matched}
      columns={heads}
      version={rows.version}
      at={at}
      onAt={(row) => setQuery({ row: row + 1 })}
      sort={props.sort ? { key: props.sort.replace(/^-/, ""), down: props.sort.startsWith("-") } : null}
      onSort={(key) => setQuery({ sort: props.sort === key ? `-${key}` : props.sort === `-${key}` ? null : key })}
      onWindow={rows.want}
      cell={(row, column) => {
        if (column.key === "#") return <span class="quiet">{rows.number(row) === undefined ? "" : (rows.number(row)! + 1).toLocaleString("en")}</span>;
        const cell = rows.row(row)?.[places.get(column.key)!];
        return typeof cell === "string" && cell.length > 24 ? <Middle text={cell} /> : shown(cell);
      }}
      empty={page.total ? "No row passes the filter." : "This table has no rows."}
    />
  );
}

/** A long text cut in its middle, since paths differ at their ends. */
function Middle(props: { text: string }) {
  const at = props.text.length - 18;
  return <span class="table-text" title={props.text}><span class="cut">{props.text.slice(0, at)}</span><span>{props.text.slice(at)}</span></span>;
}

function Broken({ page }: { page: Page }) {
  const [first] = page.broken;
  return (
    <details class="table-broken">
      <summary>{page.broken_count === 1 ? "One line" : `${page.broken_count.toLocaleString("en")} lines`} could not be read{first && `: line ${first.line} ${first.reason}`}</summary>
      <ul>
        {page.broken.map((bad) => <li key={bad.line}><b>Line {bad.line}</b> {bad.reason} <code class="mono">{bad.text.trim().slice(0, 160)}</code></li>)}
      </ul>
    </details>
  );
}
