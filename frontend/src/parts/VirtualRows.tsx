// A table of any length of which only the rows in sight are in the page: sorting, a row at hand, marks, keys; 60 frames a second.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { offsetOf, rowsInSight, scrollFor } from "./rowMath";
import "./rows.css";

export interface RowColumn {
  key: string;
  /** What stands at its head; the unit stands there and nowhere else. */
  head: ComponentChildren;
  unit?: string;
  /** Least width in px; "grow" in `flex` shares what is left over. */
  width: number;
  flex?: boolean;
  /** Numbers stand right, text left. */
  number?: boolean;
  /** Its head is a button that asks for this order. */
  sortable?: boolean;
  /** A name for the head where it shows none. */
  label?: string;
}

export interface VirtualRowsProps {
  /** What the table holds, for those who hear it. */
  label: string;
  count: number;
  columns: RowColumn[];
  cell: (row: number, column: RowColumn) => ComponentChildren;
  rowHeight?: number;
  sort?: { key: string; down: boolean } | null;
  onSort?: (key: string) => void;
  /** The row at hand, -1 for none. It is kept in sight when it changes. */
  at?: number;
  onAt?: (row: number) => void;
  onOpen?: (row: number) => void;
  /** Whether a row is marked, and the wish to mark it: one row, or all from the row at hand to it. */
  marked?: (row: number) => boolean;
  onMark?: (row: number, extend: boolean) => void;
  rowClass?: (row: number) => string;
  /** Which rows are in sight, so that their data can be fetched: first, and the one behind the last. */
  onWindow?: (first: number, behind: number) => void;
  /** Changes when the cells have changed though the rows have not. */
  version?: unknown;
  empty?: ComponentChildren;
}

const HEAD = 28;
const KEYS: Record<string, (page: number, last: number, at: number) => number> = {
  ArrowDown: (_page, _last, at) => at + 1,
  ArrowUp: (_page, _last, at) => at - 1,
  PageDown: (page, _last, at) => at + page,
  PageUp: (page, _last, at) => at - page,
  Home: () => 0,
  End: (_page, last) => last,
};

export function VirtualRows(props: VirtualRowsProps) {
  const { count, columns, rowHeight = 30, at = -1 } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const id = useId();
  const inside = Math.max(0, view.height - HEAD);
  const sight = rowsInSight(count, rowHeight, { top: view.top, height: inside });

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setView((old) => (old.height === element.clientHeight ? old : { ...old, height: element.clientHeight }));
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useEffect(() => props.onWindow?.(sight.first, sight.behind), [sight.first, sight.behind, count]);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || at < 0 || at >= count) return;
    const wanted = scrollFor(at, count, rowHeight, { top: element.scrollTop, height: element.clientHeight - HEAD });
    if (wanted !== null) element.scrollTop = wanted;
  }, [at, count]);

  function onKey(event: KeyboardEvent): void {
    if (event.target !== box.current || !count) return;
    const move = KEYS[event.key];
    if (move) {
      const page = Math.max(1, Math.floor(inside / rowHeight) - 1);
      const next = Math.min(count - 1, Math.max(0, move(page, count - 1, at)));
      event.preventDefault();
      if (event.shiftKey) props.onMark?.(next, true);
      props.onAt?.(next);
    } else if (event.key === "Enter" && at >= 0 && props.onOpen) {
      event.preventDefault();
      props.onOpen(at);
    } else if (event.key === " " && at >= 0 && props.onMark) {
      event.preventDefault();
      props.onMark(at, false);
    }
  }
  function onClick(row: number, event: MouseEvent): void {
    if (event.shiftKey) props.onMark?.(row, true);
    else if (event.ctrlKey || event.metaKey) props.onMark?.(row, false);
    props.onAt?.(row);
  }

  const template = columns.map((column) => (column.flex ? `minmax(${column.width}px, 1fr)` : `${column.width}px`)).join(" ");
  const least = columns.reduce((sum, column) => sum + column.width, 0);
  const rows = [];
  for (let row = sight.first; row < sight.behind; row++) {
    const marked = props.marked?.(row);
    rows.push(
      <div
        key={row}
        id={`${id}-${row}`}
        role="row"
        aria-rowindex={row + 2}
        aria-selected={props.marked ? !!marked : row === at}
        class={`vrows-row ${row === at ? "vrows-at" : ""} ${marked ? "vrows-marked" : ""} ${props.rowClass?.(row) ?? ""}`}
        style={{ top: HEAD + offsetOf(row, count, rowHeight, { top: view.top, height: inside }), height: rowHeight, gridTemplateColumns: template, minWidth: least }}
        onClick={(event) => onClick(row, event)}
        onDblClick={() => props.onOpen?.(row)}
      >
        {columns.map((column, index) => (
          <div key={column.key} role="gridcell" aria-colindex={index + 1} class={`${column.number ? "vrows-number" : ""} ${index === 0 ? "vrows-first" : ""}`}>
            {props.cell(row, column)}
          </div>
        ))}
      </div>,
    );
  }
  return (
    <div
      ref={box}
      class="vrows"
      role="grid"
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      aria-multiselectable={props.onMark ? true : undefined}
      aria-activedescendant={at >= sight.first && at < sight.behind ? `${id}-${at}` : undefined}
      tabIndex={0}
      onKeyDown={onKey}
      onScroll={(event) => {
        const top = event.currentTarget.scrollTop;
        setView((old) => ({ ...old, top }));
      }}
    >
      <div role="rowgroup" class="vrows-heads" style={{ minWidth: least }}>
        <div role="row" aria-rowindex={1} class="vrows-head" style={{ gridTemplateColumns: template }}>
          {columns.map((column, index) => (
            <Head key={column.key} column={column} index={index} sort={props.sort ?? null} onSort={props.onSort} />
          ))}
        </div>
      </div>
      <div role="rowgroup" class="vrows-body" style={{ height: sight.height, minWidth: least }}>
        {rows}
      </div>
      {count === 0 && <div class="vrows-empty">{props.empty ?? "No rows."}</div>}
    </div>
  );
}

function Head(props: { column: RowColumn; index: number; sort: { key: string; down: boolean } | null; onSort: ((key: string) => void) | undefined }) {
  const { column, sort } = props;
  const mine = sort?.key === column.key;
  const words = (
    <>
      {column.label && <span class="hidden-text">{column.label}</span>}
      {column.head}
      {column.unit && <small> {column.unit}</small>}
    </>
  );
  return (
    <div
      role="columnheader"
      aria-colindex={props.index + 1}
      aria-sort={mine ? (sort.down ? "descending" : "ascending") : undefined}
      class={`${column.number ? "vrows-number" : ""} ${props.index === 0 ? "vrows-first" : ""}`}
    >
      {column.sortable && props.onSort ? (
        <button type="button" onClick={() => props.onSort?.(column.key)}>
          {words}
          {mine && <span aria-hidden="true">{sort.down ? " ↓" : " ↑"}</span>}
        </button>
      ) : (
        words
      )}
    </div>
  );
}
