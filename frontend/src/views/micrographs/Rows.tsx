// The micrographs as a table: pictures, values, verdicts; what is out of range is grey, and the value that did it is bold.
import { useMemo, useState } from "preact/hooks";
import { address, type Schema } from "../../api/client";
import { Icon } from "../../parts/Icon";
import { VirtualRows, type RowColumn } from "../../parts/VirtualRows";
import type { Curation, Value } from "./curation";
import { isKept, KEPT_BY_HAND, shortName, within } from "./judge";

interface RowsProps {
  curation: Curation;
  values: Value[];
  /** Rows of the table in the order in which they stand. */
  rows: Uint32Array;
  at: number;
  onAt: (row: number) => void;
  marked: ReadonlySet<number>;
  onMark: (row: number, extend: boolean) => void;
  sort: { key: string; down: boolean } | null;
  onSort: (key: string) => void;
  aside: Schema<"SetAside">[];
}

export function Rows(props: RowsProps) {
  const { curation, rows, aside } = props;
  const { table, columns, judged, choice } = curation;
  const heads = useMemo<RowColumn[]>(
    () => [
      { key: "picture", head: "", label: "Picture", width: 46 },
      { key: "name", head: "Name", width: 92, flex: true, sortable: true },
      ...props.values.map((value) => ({ key: value.name, head: brief(value.title), unit: value.unit, width: Math.max(66, Math.round(20 + 6.4 * (brief(value.title).length + value.unit.length + 1))), number: true, sortable: true })),
      { key: "verdict", head: "", label: "Verdict", width: 42 },
    ],
    [props.values.map((value) => value.name).join()],
  );
  const place = useMemo(() => rows.indexOf(props.at), [rows, props.at]);
  const count = rows.length + aside.length;
  const byName = new Map(props.values.map((value) => [value.name, value]));
  const cell = (index: number, column: RowColumn) => {
    if (index >= rows.length) return asideCell(aside[index - rows.length]!, column);
    const row = rows[index]!;
    const value = byName.get(column.key);
    if (value) {
      const number = columns[value.name]![row]!;
      const culprit = !within(number, choice.ranges[value.name]);
      return <span class={culprit ? "cur-culprit" : ""}>{Number.isNaN(number) ? "–" : (number * value.scale).toFixed(value.digits)}</span>;
    }
    if (column.key === "picture") return table.on_disk ? <Thumb path={table.names[row]!} /> : <span class="cur-thumb" />;
    if (column.key === "name") return <Name path={table.names[row]!} short={curation.short} />;
    return <Verdict curation={curation} row={row} />;
  };
  return (
    <VirtualRows
      label={`${rows.length.toLocaleString("en")} micrographs`}
      count={count}
      columns={heads}
      cell={cell}
      sort={props.sort}
      onSort={props.onSort}
      at={place}
      onAt={(index) => index < rows.length && props.onAt(rows[index]!)}
      marked={(index) => index < rows.length && props.marked.has(rows[index]!)}
      onMark={(index, extend) => index < rows.length && props.onMark(rows[index]!, extend)}
      rowClass={(index) => (index < rows.length && isKept(judged.verdicts[rows[index]!]) ? "" : "cur-out")}
      empty="No micrograph is in this list."
    />
  );
}

/** A title as short as a narrow column wants it. */
function brief(title: string): string {
  return title.replace("CTF fit", "Fit").replace("Total motion", "Motion").replace("Astigmatism", "Astig.").replace("Ice, relative", "Ice");
}

function asideCell(one: Schema<"SetAside">, column: RowColumn) {
  if (column.key === "name") return <span class="cut" title={`${one.key}: ${one.reason}`}>{shortName(one.key)} <span class="quiet">{one.reason}</span></span>;
  return column.key === "verdict" ? <span title={one.reason}><Icon name="close" /><span class="hidden-text">out, could not be read: {one.reason}</span></span> : null;
}

/** A name cut in its middle, since its end tells micrographs apart. */
function Name(props: { path: string; short: (name: string) => string }) {
  const name = props.short(props.path);
  const at = Math.max(0, name.length - 6);
  return <span class="cur-name" title={props.path}><span class="cut">{name.slice(0, at)}</span><span>{name.slice(at)}</span></span>;
}

/** The verdict, which a press turns round; a dot says that it was given by hand. */
function Verdict(props: { curation: Curation; row: number }) {
  const { judged, table, decide, short } = props.curation;
  const verdict = judged.verdicts[props.row]!;
  const kept = isKept(verdict);
  const hand = verdict >= KEPT_BY_HAND;
  return (
    <button
      type="button"
      class={`cur-verdict ${kept ? "cur-kept" : ""}`}
      tabIndex={-1}
      title={`${kept ? "Kept" : "Out"}${hand ? " by hand" : ""}; press to ${kept ? "leave out" : "keep"}`}
      aria-label={`${short(table.names[props.row]!)} ${kept ? "kept" : "out"}${hand ? " by hand" : ""}, press to ${kept ? "leave out" : "keep"}`}
      onClick={(event) => {
        event.stopPropagation();
        decide([props.row], kept ? "out" : "keep");
      }}
    >
      <Icon name={kept ? "check" : "close"} />
      {hand && <i aria-hidden="true" />}
    </button>
  );
}

const failures = { inRow: 0 };

/** A picture of the micrograph; when several in a row are not there no more are asked for, as in a project without its movies. */
export function Thumb(props: { path: string }) {
  const [gone, setGone] = useState("");
  if (gone === props.path || failures.inRow > 4) return <span class="cur-thumb" />;
  return (
    <img
      class="cur-thumb"
      alt=""
      loading="lazy"
      decoding="async"
      src={address("image/thumb/96", { path: props.path })}
      onLoad={() => (failures.inRow = 0)}
      onError={() => {
        failures.inRow++;
        setGone(props.path);
      }}
    />
  );
}
