// Micrographs and their curation: ranges and table at the left, the micrograph with its fit and motion at the right.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { act } from "../../api/client";
import { mayAct } from "../../app/data";
import { useKeys } from "../../app/keys";
import { go, query, setQuery, to } from "../../app/place";
import { say, sayError } from "../../app/toasts";
import { Icon } from "../../parts/Icon";
import { Menu } from "../../parts/Menu";
import { Broken, Empty, Loading } from "../../parts/messages";
import type { ViewProps } from "../registry";
import { Head } from "./Head";
import { Panel } from "./Panel";
import { Rows } from "./Rows";
import { Strips } from "./Strips";
import { useCuration, type Curation, type Value } from "./curation";
import { closedRanges, listed, type Show } from "./judge";
import "./micrographs.css";

const STRIPS = "vitreous.curate.values";
const MOST_STRIPS = 4;

export default function Micrographs(props: ViewProps) {
  const { resource, curation } = useCuration(props.path, props.job, props.mode);
  if (resource.problem) return <Broken sentence={resource.problem.message} />;
  if (!resource.data || !curation) return <>{props.mode === "answer" && <h1 class="hidden-text">Curate micrographs</h1>}<Loading what="Reading the micrographs" height={420} /></>;
  if (!curation.table.total) return <Empty title="No micrographs yet" why="They stand here as soon as the first have been made." />;
  return <Desk {...props} curation={curation} />;
}

/** Which values stand in strips: as remembered, else the usual ones that the table has. */
function useStrips(table: Curation["table"]): [Value[], (name: string) => void] {
  const [names, setNames] = useState<string[] | null>(() => JSON.parse(localStorage.getItem(STRIPS) ?? "null") as string[] | null);
  const usual = table.values.filter((value) => value.usual).slice(0, MOST_STRIPS);
  const chosen = table.values.filter((value) => names?.includes(value.name));
  const shown = chosen.length ? chosen : usual.length ? usual : table.values.slice(0, MOST_STRIPS);
  const turn = (name: string) => {
    const next = shown.some((value) => value.name === name) ? shown.filter((value) => value.name !== name).map((value) => value.name) : [...shown.map((value) => value.name), name];
    setNames(next);
    localStorage.setItem(STRIPS, JSON.stringify(next));
  };
  return [shown, turn];
}

/** Places on the x axis: by order, or by group (grid square), with the places at which groups begin. */
function axisOf(groups: string[], total: number, grouped: boolean): { places: Uint32Array; begins: number[] } {
  const order = Array.from({ length: total }, (_, row) => row);
  if (grouped) order.sort((a, b) => groups[a]!.localeCompare(groups[b]!, "en", { numeric: true }) || a - b);
  const places = new Uint32Array(total);
  order.forEach((row, place) => (places[row] = place));
  const begins = groups.length ? order.map((row, place) => (place > 0 && groups[row] !== groups[order[place - 1]!] ? place : -1)).filter((place) => place > 0) : [];
  return { places, begins: begins.length > 80 ? [] : begins };
}

function Desk(props: ViewProps & { curation: Curation }) {
  const { curation, mode } = props;
  const { table, judged, columns, draft } = curation;
  const [strips, turn] = useStrips(table);
  const [grouped, setGrouped] = useState(false);
  const [marked, setMarked] = useState<ReadonlySet<number>>(new Set());
  const [show, setShow] = useState<Show>("all");
  const [sort, setSort] = useState<{ key: string; down: boolean } | null>(null);
  const [saving, setSaving] = useState(false);
  const at = Math.min(table.total - 1, Math.max(0, Number(query.value.get("row") ?? 1) - 1));
  const setAt = (row: number) => setQuery({ row: row + 1 });
  const axis = useMemo(() => axisOf(table.groups, table.total, grouped), [table.tag, grouped]);
  const order = sort && (sort.key === "name" ? table.names : columns[sort.key]);
  const rows = useMemo(() => listed(judged, show, marked, order ? { values: order, down: sort.down } : null), [judged, show, marked, sort, columns]);
  useEffect(() => setMarked(new Set()), [table.path]);
  const may = mayAct.value;

  const step = (by: number) => {
    const place = rows.indexOf(at);
    const next = rows[Math.min(rows.length - 1, Math.max(0, place < 0 ? 0 : place + by))];
    if (next !== undefined) setAt(next);
  };
  const decide = (verdict: "keep" | "out") => {
    if (!may) return;
    const next = rows[rows.indexOf(at) + 1];
    curation.decide([at], verdict);
    if (next !== undefined) setAt(next);
  };
  const save = async () => {
    if (!may || saving) return;
    setSaving(true);
    try {
      await draft.flush();
      const answer = { ranges: closedRanges(curation.choice.ranges), by_hand: curation.choice.by_hand, fits: curation.choice.fits };
      if (mode === "answer") {
        await act("POST", `jobs/${curation.draftJob}/answer`, { kind: "micrographs", answer, draft: "micrographs" });
        go(to(`job/${curation.draftJob}`));
      } else {
        const made = await act<{ number: string; name: string }>("POST", "micrographs/save", { path: table.path, ...answer });
        say(`${judged.kept.toLocaleString("en")} micrographs are saved as ${made.name}`, { link: { title: "Open", to: to(`job/${made.number}`) } });
      }
    } catch (error) {
      sayError(error);
    }
    setSaving(false);
  };
  const mark = (found: number[], add: boolean) => setMarked(new Set([...(add ? marked : []), ...found]));
  const anchor = useRef(0);
  const markRow = (row: number, extend: boolean) => {
    if (!extend) {
      anchor.current = row;
      const next = new Set(marked);
      if (!next.delete(row)) next.add(row);
      return setMarked(next);
    }
    const [a, b] = [rows.indexOf(anchor.current), rows.indexOf(row)].sort((x, y) => x - y) as [number, number];
    setMarked(new Set([...marked, ...rows.slice(Math.max(0, a), b + 1)]));
  };
  useKeys(
    {
      a: { title: "Keep, and go on", run: () => decide("keep") },
      r: { title: "Leave out, and go on", run: () => decide("out") },
      ArrowLeft: { title: "Previous micrograph", run: () => step(-1) },
      ArrowRight: { title: "Next micrograph", run: () => step(1) },
      ",": { title: "Previous micrograph", run: () => step(-1) },
      ".": { title: "Next micrograph", run: () => step(1) },
      Space: { title: "Mark or unmark", run: () => markRow(at, false) },
      s: { title: mode === "answer" ? "Save the answer" : "Save as a selection", run: () => void save() },
      "Ctrl+z": { title: "Undo", run: () => void draft.undo() },
      "Ctrl+Shift+z": { title: "Redo", run: () => void draft.redo() },
    },
    "Micrographs",
  );
  return (
    <div class={`cur ${mode === "answer" ? "cur-answer" : ""}`}>
      <Head curation={curation} mode={mode} job={props.job} saving={saving} onSave={() => void save()} />
      <div class="cur-desk">
        <section class="cur-left" aria-label="Ranges and micrographs">
          <div class="row cur-bar">
            <h2 class="grow cut">Ranges <span class="quiet dense">drag a line, draw a box, or type</span></h2>
            <Menu title="Value" icon="plus" kind="button bare small-button" acts={table.values.map((value) => ({ title: value.title, chosen: strips.includes(value), run: () => turn(value.name) }))} />
            {table.groups.length > 0 && (
              <span class="segments" role="group" aria-label="Horizontal axis">
                <button type="button" aria-pressed={!grouped} onClick={() => setGrouped(false)}>Order</button>
                <button type="button" aria-pressed={grouped} onClick={() => setGrouped(true)}>Grid square</button>
              </span>
            )}
          </div>
          <Strips curation={curation} values={strips} places={axis.places} groups={axis.begins} at={at} onAt={setAt} marked={marked} onMarked={mark} />
          <div class="row cur-bar cur-list-bar">
            {marked.size > 0 && may ? <Marked marked={marked} curation={curation} onShow={() => setShow("marked")} onClear={() => (setMarked(new Set()), show === "marked" && setShow("all"))} /> : <h2 class="grow">Micrographs</h2>}
            <span class="segments" role="group" aria-label="Shown">
              {(["all", "kept", "out", "hand"] as const).map((one) => (
                <button key={one} type="button" aria-pressed={show === one} onClick={() => setShow(one)}>{{ all: "All", kept: "Kept", out: "Out", hand: `By hand ${judged.byHand}` }[one]}</button>
              ))}
            </span>
          </div>
          <div class="cur-rows">
            <Rows curation={curation} values={strips} rows={rows} at={at} onAt={setAt} marked={marked} onMark={markRow} sort={sort} aside={show === "all" || show === "out" ? table.aside : []}
              onSort={(key) => setSort(sort?.key !== key ? { key, down: false } : sort.down ? null : { key, down: true })} />
          </div>
        </section>
        <Panel curation={curation} row={at} onStep={step} onVerdict={decide} mayChange={may} />
      </div>
    </div>
  );
}

function Marked(props: { marked: ReadonlySet<number>; curation: Curation; onShow: () => void; onClear: () => void }) {
  const rows = [...props.marked];
  return (
    <div class="row grow" role="group" aria-label="Marked micrographs" style={{ gap: 4 }}>
      <b aria-live="polite">{rows.length.toLocaleString("en")} marked</b>
      <button type="button" class="button small-button" onClick={() => props.curation.decide(rows, "keep")}>Keep</button>
      <button type="button" class="button small-button" onClick={() => props.curation.decide(rows, "out")}>Leave out</button>
      <button type="button" class="button small-button" onClick={props.onShow}>List</button>
      <button type="button" class="button bare small-button icon-only" aria-label="Unmark all" title="Unmark all" onClick={props.onClear}><Icon name="close" /></button>
    </div>
  );
}
