// The micrographs with the number of picks that stay, and which ones are done.
import { useMemo } from "preact/hooks";
import { middle } from "../../app/words";
import { Icon } from "../../parts/Icon";
import { tellingNames } from "../../parts/names";
import { VirtualRows, type RowColumn } from "../../parts/VirtualRows";
import type { Desk } from "./usePicks";

const COLUMNS: RowColumn[] = [
  { key: "name", head: "Micrograph", width: 120, flex: true },
  { key: "picks", head: "Picks", width: 58, number: true },
  { key: "done", head: "", label: "Done", width: 28 },
];

export function List({ desk, onAt }: { desk: Desk; onAt: (row: number) => void }) {
  const { rows } = desk.list;
  const done = useMemo(() => rows.filter((row) => desk.edits.get(row.name)?.done).length, [rows, desk.edits]);
  const names = useMemo(() => tellingNames(rows.map((row) => row.name), 18), [rows]);
  const cell = (row: number, column: RowColumn) => {
    const one = rows[row];
    if (!one) return "";
    if (column.key === "picks") return (desk.left[row] ?? one.picks).toLocaleString("en");
    if (column.key === "done") return desk.edits.get(one.name)?.done ? <span title="Done"><Icon name="check" /><span class="hidden-text">done</span></span> : "";
    return <span title={one.name} class={desk.edits.has(one.name) ? "strong" : ""}>{middle(names[row] ?? one.name, 18)}</span>;
  };
  return (
    <section class="picks-list" aria-label="Micrographs">
      <VirtualRows label="Micrographs and their picks" count={rows.length} columns={COLUMNS} cell={cell} at={desk.index} onAt={onAt} version={desk} />
      <p class="picks-foot small quiet">{done} of {rows.length} done{desk.list.missing ? `, ${desk.list.missing} coordinate files are missing` : ""}</p>
    </section>
  );
}
