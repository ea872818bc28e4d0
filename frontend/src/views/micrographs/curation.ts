// The state of curation: the table's columns as typed arrays, the draft of the choice, verdicts that follow each stroke.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { getBytes, useResource, type Resource, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { useDraft, type Draft } from "../../parts/draft";
import { choiceOf, handKey, judge, rangeKey, sharedEnd, shortName, withFits, type Choice, type Judged, type Range } from "./judge";

export type Table = Schema<"Micrographs">;
export type Value = Schema<"Value">;

export interface Curation {
  table: Table;
  /** By name, with the values of micrographs that were fitted again in their place. */
  columns: Record<string, Float64Array>;
  choice: Choice;
  judged: Judged;
  draft: Draft;
  /** The number of the job under which the draft is kept. */
  draftJob: string;
  /** A range while it is dragged: seen at once, a step only when `done`. */
  setRange: (value: Value, range: Range, done: boolean) => void;
  decide: (rows: number[], verdict: "keep" | "out" | null) => void;
  reset: () => void;
  /** A micrograph by the part of its name that tells it apart. */
  short: (name: string) => string;
}

/** The table with its columns; while newer ones are read, as in a live session, the old pair stays. */
function useWhole(said: Table | undefined): { table: Table; columns: Record<string, Float64Array> } | undefined {
  const [found, setFound] = useState<{ table: Table; columns: Record<string, Float64Array> }>();
  useEffect(() => {
    if (!said) return;
    const stop = new AbortController();
    getBytes("micrographs/values", { path: said.path, tag: said.tag }, stop.signal).then(
      (bytes) => {
        if (bytes.byteLength !== said.values.length * said.total * 8) return; // it has grown meanwhile; the next look has it
        setFound({ table: said, columns: Object.fromEntries(said.values.map((value, at) => [value.name, new Float64Array(bytes, at * said.total * 8, said.total)])) });
      },
      () => undefined,
    );
    return () => stop.abort();
  }, [said?.path, said?.tag, said?.live]);
  return found && said && found.table.path === said.path ? found : undefined;
}

/** What is proposed before anybody has said anything: the fit's limit, all else open. */
function proposal(table: Table | undefined): Record<string, Range> {
  return Object.fromEntries((table?.values ?? []).filter((value) => value.high !== null && value.high !== undefined).map((value) => [value.name, [null, value.high!] as Range]));
}

export interface Loaded {
  resource: Resource<Table>;
  curation: Curation | undefined;
}

export function useCuration(path: string, job: string, mode: string): Loaded {
  const number = /(\d+)$/.exec(job)?.[1] ?? "";
  const asks = mode === "answer";
  const [known, setKnown] = useState("");
  const resource = useResource<Table>("micrographs", asks ? { job: number } : { path }, ["project", ...(known ? [`job:${known}`, `progress:${known}`] : [])]);
  const whole = useWhole(resource.data);
  const [table, raw] = [whole?.table, whole?.columns];
  useEffect(() => setKnown(table?.job ?? ""), [table?.job]);
  const draftJob = !mayAct.value ? "" : asks ? number : (table?.job ?? "");
  const draft = useDraft(draftJob, "micrographs");
  const [dragged, setDragged] = useState<{ name: string; range: Range } | null>(null);
  const first = useMemo(() => proposal(table), [table?.tag]);
  const plain = useMemo(() => choiceOf(draft.history.values, first), [draft.round, draft.ready, first]);
  const choice = useMemo(() => (dragged ? { ...plain, ranges: { ...plain.ranges, [dragged.name]: dragged.range } } : plain), [plain, dragged]);
  const columns = useMemo(() => raw && table && withFits(raw, table.names, choice.fits), [raw, table?.tag, JSON.stringify(plain.fits)]);
  const end = useMemo(() => sharedEnd(table?.names ?? []), [table?.tag]);
  const judged = useMemo(() => columns && table && judge(columns, table.names, choice), [columns, choice]);
  const now = useRef(draft);
  now.current = draft;
  const curation: Curation | undefined = table && columns && judged && {
    table, columns, choice, judged, draft, draftJob,
    setRange: (value, range, done) => {
      if (!done) return setDragged({ name: value.name, range });
      setDragged(null);
      now.current.do(`Range of ${value.title}`, { [rangeKey(value.name)]: range });
    },
    decide: (rows, verdict) => {
      const title = verdict === "keep" ? "Keep" : verdict === "out" ? "Leave out" : "By the ranges";
      now.current.do(rows.length > 1 ? `${title} ${rows.length}` : title, Object.fromEntries(rows.map((row) => [handKey(table.names[row]!), verdict])));
    },
    short: (name) => (end && shortName(name).endsWith(end) ? shortName(name).slice(0, -end.length) : shortName(name)),
    reset: () => now.current.do("Reset", Object.fromEntries([...now.current.history.values.keys()].map((key) => [key, null]))),
  };
  return { resource, curation };
}
