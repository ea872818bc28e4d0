// Blocks and columns of a table: type, unit, range, a small histogram; which two are plotted.
import { useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { short, type Page } from "./rows";

type Column = Schema<"TableColumn">;

interface ColumnsProps {
  page: Page;
  x: string;
  y: string;
  onBlock: (name: string) => void;
  onAxis: (axis: "x" | "y", name: string) => void;
}

export function Columns(props: ColumnsProps) {
  const { page } = props;
  const [find, setFind] = useState("");
  const words = find.toLowerCase();
  const found = page.columns.filter((column) => `${column.name} ${column.label} ${column.meaning}`.toLowerCase().includes(words));
  return (
    <section class="table-left" aria-label="Blocks and columns">
      <h2>Blocks</h2>
      <ul class="table-blocks">
        {page.blocks.map((block) => (
          <li key={block.name}>
            <button type="button" aria-pressed={block.name === page.block} onClick={() => props.onBlock(block.name)}>
              <span class="cut grow">{block.name || "(without name)"}</span>
              <span class="quiet">{block.rows.toLocaleString("en")}</span>
            </button>
          </li>
        ))}
      </ul>
      <div class="row table-columns-head">
        <h2 class="grow">Columns</h2>
        <span class="quiet small">{page.columns.length}</span>
      </div>
      {page.columns.length > 10 && <input class="field-box table-find" type="search" placeholder="Find a column" aria-label="Find a column" value={find} onInput={(event) => setFind(event.currentTarget.value)} />}
      <ul class="table-columns" tabIndex={0} aria-label="Columns">
        {found.map((column) => (
          <li key={column.name} class="table-column" title={column.meaning || column.label}>
            <div class="row" style={{ gap: 4 }}>
              <span class="cut grow">{column.name}</span>
              {isNumber(column) && (
                <>
                  <button type="button" aria-pressed={props.x === column.name} aria-label={`Plot ${column.name} along x`} onClick={() => props.onAxis("x", props.x === column.name ? "" : column.name)}>x</button>
                  <button type="button" aria-pressed={props.y === column.name} aria-label={`Plot ${column.name} along y`} onClick={() => props.onAxis("y", props.y === column.name ? "" : column.name)}>y</button>
                </>
              )}
            </div>
            <div class="row small quiet" style={{ gap: 6 }}>
              <span class="cut grow">{about(column)}</span>
              {column.bins.length > 0 && <Bins bins={column.bins} />}
            </div>
          </li>
        ))}
        {!found.length && <li class="quiet dense">No column has that in its name.</li>}
      </ul>
    </section>
  );
}

export function isNumber(column: Column): boolean {
  return column.type === "float" || column.type === "int" || column.type === "bool";
}

function about(column: Column): string {
  const unit = column.unit ? ` ${column.unit}` : "";
  if (typeof column.low !== "number" || typeof column.high !== "number") return column.type === "str" ? "text" : `${column.type}${unit}`;
  return column.low === column.high ? `always ${short(column.low)}${unit}` : `${short(column.low)} to ${short(column.high)}${unit}`;
}

function Bins(props: { bins: number[] }) {
  const most = Math.max(1, ...props.bins);
  return (
    <svg class="table-bins" width={72} height={18} aria-hidden="true">
      {props.bins.map((count, bin) => count > 0 && <rect key={bin} x={bin * 3} width={2} y={17 - Math.max(1, (16 * count) / most)} height={Math.max(1, (16 * count) / most) + 1} />)}
    </svg>
  );
}
