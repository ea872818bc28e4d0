// The data of the picks editor: the list, the scores of all, the picks of the micrograph in view, and the draft of the edits.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, getBytes, useResource, type Schema } from "../../api/client";
import { useDraft, type Draft } from "../../parts/draft";
import { countAll, picksOf, scoreRange, sortEdits, type Edits, type Limits, type Older, type Pick } from "./edits";

type List = Schema<"PicksList">;

export interface Desk {
  list: List;
  draft: Draft;
  edits: Map<string, Edits>;
  limits: Limits;
  scores: Float32Array;
  /** The scores between which nearly all lie. */
  range: [number, number];
  /** Picks that stay, by micrograph, and their sum. */
  left: Uint32Array;
  total: number;
  row: Schema<"PickedMicrograph">;
  index: number;
  /** The picks of the micrograph in view; undefined until they are read. */
  picks: Pick[] | undefined;
  /** Why the picks of this micrograph could not be read. */
  fault: string;
}

/** Where picks come from, and the job that keeps the draft. */
export interface Source {
  path: string;
  micrographs: string;
  job: string;
}

const KEPT = 40;

export function usePicks(source: Source, index: number): { desk: Desk | undefined; problem: string } {
  const asked = { path: source.path, micrographs: source.micrographs };
  const resource = useResource<List>(source.path || source.micrographs ? "picks/list" : "", asked, source.job ? [`job:${source.job}`] : []);
  const list = resource.data;
  const draft = useDraft(source.job, "picks");
  const [scores, setScores] = useState<Float32Array>();
  useEffect(() => {
    if (!list) return;
    const stop = new AbortController();
    if (!list.total) setScores(new Float32Array(0));
    else getBytes("picks/scores", { ...asked, tag: list.tag }, stop.signal).then((bytes) => setScores(new Float32Array(bytes)), () => undefined);
    return () => stop.abort();
  }, [list?.tag]);
  const at = Math.min(Math.max(index, 0), Math.max((list?.rows.length ?? 1) - 1, 0));
  const row = list?.rows[at];
  const { older, fault } = useOlder(asked, list, at);
  const sorted = useMemo(() => sortEdits(draft.history.values), [draft.round, draft.history]);
  const left = useMemo(() => {
    if (!list) return new Uint32Array(0);
    const whole = scores && scores.length === list.total ? scores : new Float32Array(list.total).fill(NaN);
    return countAll(list.rows.map((one) => one.name), list.rows.map((one) => one.picks), whole, sorted.edits, sorted.limits);
  }, [list, scores, sorted]);
  const range = useMemo(() => scoreRange(scores ?? new Float32Array(0)), [scores]);
  const picks = useMemo(() => (row && older ? picksOf(older, sorted.edits.get(row.name), sorted.limits, row.pixel_size_A) : undefined), [older, row, sorted]);
  if (!list) return { desk: undefined, problem: resource.problem?.message ?? "" };
  if (!row) return { desk: undefined, problem: "There are no micrographs to pick from." };
  const total = left.reduce((sum, one) => sum + one, 0);
  return { desk: { list, draft, ...sorted, scores: scores ?? new Float32Array(0), range, left, total, row, index: at, picks, fault }, problem: "" };
}

/** The older picks of a micrograph, and those of its neighbours ahead of time. */
function useOlder(asked: { path: string; micrographs: string }, list: List | undefined, at: number): { older: Older | undefined; fault: string } {
  const kept = useRef(new Map<string, Older>());
  const [, drawn] = useState(0);
  const [fault, setFault] = useState("");
  const name = list?.rows[at]?.name ?? "";
  const key = `${list?.tag ?? ""} ${name}`;
  useEffect(() => {
    if (!list) return;
    let here = true;
    const fetchOne = async (row: Schema<"PickedMicrograph"> | undefined) => {
      const mine = `${list.tag} ${row?.name ?? ""}`;
      if (!row || kept.current.has(mine)) return;
      const found = row.picks ? await get<Older>("picks/of", { ...asked, name: row.name }) : { x: [], y: [], score: [] };
      kept.current.set(mine, found);
      while (kept.current.size > KEPT) kept.current.delete(kept.current.keys().next().value!);
    };
    setFault("");
    void fetchOne(list.rows[at])
      .then(() => here && drawn((n) => n + 1))
      .then(async () => {
        if (here) await Promise.all([fetchOne(list.rows[at + 1]), fetchOne(list.rows[at - 1])]);
      })
      .catch((error: unknown) => here && setFault(error instanceof Error ? error.message : String(error)));
    return () => void (here = false);
  }, [key]);
  return { older: kept.current.get(key), fault };
}
