// Class averages: look, mark, save. Stays on its iteration while the job runs; marks are kept in the job's draft.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { byNumber, mayAct } from "../../app/data";
import { useKeys } from "../../app/keys";
import { go, query, setQuery, to } from "../../app/place";
import { say, sayError } from "../../app/toasts";
import { Broken, Loading } from "../../parts/messages";
import { roundOf, useStack, type Contrast } from "../../parts/stack";
import { Tiles } from "../../parts/Tiles";
import type { ViewProps } from "../registry";
import { Foot } from "./Foot";
import { HistoryGrid } from "./HistoryGrid";
import { Inspector } from "./Inspector";
import { alike } from "./likeness";
import { Maps3d } from "./Maps3d";
import { useMarks } from "./marks";
import { NotYet } from "./NotYet";
import { left, numbered, passing, rangeOf, sorted, spoken, type Key } from "./order";
import { useRanking } from "./ranking";
import { answerWith, saveSelection, type Saved } from "./save";
import { Look, Toolbar } from "./Toolbar";
import "./classes.css";

type Page = Schema<"ClassesPage">;

const TILE = "vitreous.classes.tile";
const CONTRAST = "vitreous.classes.contrast";

export default function ClassesView(props: ViewProps) {
  const job = /job(\d+)\/?$/.exec(props.job)?.[1] ?? "";
  const asked = query.value.get("it");
  const it = props.mode === "answer" || asked === null ? null : Number(asked);
  const path = props.mode === "result" && it !== null ? "" : props.path;
  const topics = job ? [`progress:${job}`, `job:${job}`] : [];
  const { data, problem, again } = useResource<Page>(`classes/${job || "-"}`, { it, path: props.mode === "result" ? "" : path }, topics);
  // While the job runs the iteration stands in the address, so that a newer one moves nothing and a link shows the same.
  const running = /running|silent/.test(byNumber.value.get(job)?.state ?? "");
  useEffect(() => {
    if (props.mode === "result" && running && asked === null && data && data.iteration !== null) setQuery({ it: data.iteration });
  }, [data, running, asked]);
  if (problem && !data) {
    if (problem.status === 404 && job) return <NotYet job={job} why={problem.message} />;
    return <Broken sentence={problem.message} />;
  }
  if (!data) return <Loading what="reading the classes" height={420} />;
  return <Classes key={props.job} {...props} page={data} number={job} again={again} />;
}

interface ClassesProps extends ViewProps {
  page: Page;
  number: string;
  again: () => void;
}

function Classes(props: ClassesProps) {
  const { page, number } = props;
  const source = props.mode === "result" ? "" : props.path;
  const moves = props.mode !== "answer" && page.iterations.length > 1;
  const marks = useMarks(mayAct.value ? number : "", page.iteration ?? -1);
  const [tile, setTile] = useKept<number>(TILE, page.classes.length > 120 ? 72 : 88);
  const [contrast, setContrast] = useKept<Contrast>(CONTRAST, "one");
  const [cursor, setCursor] = useState<number | null>(null);
  const [recentre, setRecentre] = useState(false);
  const [saved, setSaved] = useState<Saved | null>(null);
  const [busy, setBusy] = useState(false);
  const ranking = useRanking(number || "-", page, source, props.again);
  const sort = sortOf(query.value.get("sort"), page);
  const grid = query.value.get("show") === "history" && page.dimension === 2;
  const order = useMemo(() => sorted(page.classes, sort), [page.classes, sort]);
  const rows = useMemo(() => new Map(page.classes.map((row) => [row.index, row])), [page.classes]);
  const cut: Key = sort === "number" ? (page.ranked ? "score" : "particles") : sort;
  const [cuts, setCuts] = useState<Partial<Record<Key, number>>>({});
  const range = rangeOf(page.classes, cut);
  const threshold = cuts[cut] ?? (cut === "score" ? 0.5 : cut === "particles" ? Math.round(range.high / 5) : range.low + (range.high - range.low) * 0.4);
  const flat = page.dimension === 2;
  const { stack: pictures } = useStack(flat && page.present ? { path: page.stack, tag: page.tag, size: 96 } : {});
  const stack = useMemo(() => pictures && numbered(pictures, page.classes), [pictures, page.classes]);
  const history = useResource<Schema<"ClassHistory">>(page.chosen || !page.iterations.length ? "" : `classes/${number || "-"}/history`, { path: source }, number ? [`progress:${number}`] : []);
  useEffect(() => {
    if (history.data && !history.data.complete) history.again();
  }, [history.data]);
  const here = cursor !== null && rows.has(cursor) ? cursor : (order[0] ?? null);
  const maySelect = !page.chosen && (mayAct.value || !number);
  const count = left(page.classes, marks.marked);
  const largest = Math.max(1e-9, ...page.classes.map((row) => row.share));

  const move = (by: number) => {
    const next = page.iterations[page.iterations.indexOf(page.iteration ?? -1) + by];
    if (moves && next !== undefined) setQuery({ it: next });
  };
  const take = () => marks.set(passing(page.classes, cut, threshold), `select by ${cut}`);
  const invert = () => marks.set(order.filter((index) => !marks.marked.has(index)), "invert");
  const save = async (centred: boolean) => {
    if (busy || !marks.marked.size || !mayAct.value) return;
    setBusy(true);
    try {
      await marks.draft.flush();
      const classes = [...marks.marked].sort((a, b) => a - b);
      const made = props.mode === "answer" ? await answerWith(number, classes) : await saveSelection(page.model, classes, centred);
      setSaved(made);
      say(`${made.name} keeps ${count.classes} classes, ${count.particles.toLocaleString("en-GB")} particles`, { link: { title: "Open", to: to(`job/${made.number}`) } });
      if (props.mode === "answer") go(to(`job/${made.number}`));
    } catch (error) {
      sayError(error);
    } finally {
      setBusy(false);
    }
  };
  useKeys({
    i: { title: "Invert the marks", run: () => maySelect && invert() },
    s: { title: "Save the selection", run: () => void (maySelect && save(recentre)) },
    ",": { title: "Previous iteration", run: () => move(-1) },
    ".": { title: "Next iteration", run: () => move(1) },
    "-": { title: "Threshold down", run: () => setCuts({ ...cuts, [cut]: Math.max(range.low, threshold - 5 * range.step) }) },
    "=": { title: "Threshold up", run: () => setCuts({ ...cuts, [cut]: Math.min(range.high, threshold + 5 * range.step) }) },
    "Ctrl+z": { title: "Undo a mark", run: () => void marks.draft.undo() },
    "Ctrl+Shift+z": { title: "Do it again", run: () => void marks.draft.redo() },
    ...(flat ? { h: { title: "Classes by iteration", run: () => setQuery({ show: grid ? null : "history" }) } } : {}),
  }, "Classes");

  const markMany = maySelect ? marks.mark : undefined;
  return (
    <div class="classes">
      <section class="classes-main" aria-label={flat ? "Class averages" : "3D classes"}>
        <Toolbar classes={page.classes} ranked={page.ranked}
          sort={sort} onSort={(key) => setQuery({ sort: key })} threshold={threshold} onThreshold={(value) => setCuts({ ...cuts, [cut]: value })} onTake={take}
          onInvert={invert} onClear={() => marks.set([], "clear")} onUndo={() => marks.draft.undo()} canUndo={marks.draft.history.canUndo}
          maySelect={maySelect} />
        <Notices page={page} marks={marks} moves={moves} grid={grid} flat={flat}>
          {!page.ranked && mayAct.value && flat && page.present && !page.chosen && (
            <button type="button" class="button bare small-button" title="Score the averages as our ranker does; takes some seconds" disabled={Boolean(ranking.said)} onClick={ranking.begin}>{ranking.said || "Rank classes"}</button>
          )}
          <Look tile={tile} onTile={setTile} contrast={contrast} onContrast={setContrast} />
        </Notices>
        {grid && history.data ? (
          <HistoryGrid history={history.data} order={order} contrast={contrast} diameter_A={page.diameter_A} onOpen={(shown, index) => { setCursor(index); setQuery({ it: shown, show: null }); }} />
        ) : flat ? (
          <Tiles label={`${page.classes.length} class averages`} order={order} stack={stack} size={tile} contrast={contrast} round={roundOf(stack, page.diameter_A)} marked={marks.marked} onMark={markMany}
            cursor={here} onCursor={setCursor} name={(index) => spoken(rows.get(index)!)} share={(index) => rows.get(index)!.share / largest}
            captionHeight={35} caption={(index) => <Caption row={rows.get(index)!} />} absent={page.present ? undefined : "not on disk (cleaned)"} />
        ) : (
          <Maps3d page={page} job={number || "-"} path={source} order={order} rows={rows} marked={marks.marked} onMark={maySelect && page.classes.length > 1 ? marks.mark : null}
            cursor={here} onCursor={setCursor} contrast={contrast} tile={tile} history={history.data} />
        )}
        {maySelect && (flat || page.classes.length > 1) && (
          <Foot left={count} recentre={recentre} onRecentre={props.mode === "answer" || !flat ? null : setRecentre} onSave={() => void save(recentre)} onReferences={props.mode === "answer" || !flat ? null : () => void save(true)}
            busy={busy} why={mayAct.value ? "" : "this window may only look"} fault={marks.draft.fault || marks.draft.note}
            saved={saved && props.mode !== "answer" && <a class="chip done" href={to(`job/${saved.number}`)}>Saved as {saved.name}</a>} />
        )}
      </section>
      <Inspector page={page} job={number || "-"} path={source} row={here === null ? undefined : rows.get(here)} stack={stack} contrast={contrast} history={history.data}
        onIteration={moves ? (one) => setQuery({ it: one }) : null}
        onAlike={maySelect && stack && here !== null ? () => marks.mark(alike(stack, here), true) : null} />
    </div>
  );
}

function Caption({ row }: { row: Schema<"ClassRow"> }) {
  return (
    <span class="classes-caption">
      <b>{row.particles.toLocaleString("en-GB")}</b>
      <span>{row.resolution_A === null ? "–" : `${row.resolution_A.toFixed(1)} Å`}</span>
      <span>#{row.index}</span>
      <span>{row.score === null ? "" : row.score.toFixed(2)}</span>
    </span>
  );
}

/** What stands between toolbar and pictures: a newer iteration, marks that could be carried over, the other view. */
function Notices(props: { page: Page; marks: ReturnType<typeof useMarks>; moves: boolean; grid: boolean; flat: boolean; children: ComponentChildren }) {
  const { page, marks } = props;
  const newest = page.iterations.at(-1) ?? -1;
  const newer = props.moves && page.iteration !== null && newest > page.iteration;
  return (
    <div class="classes-notices">
      {page.iteration !== null && <span class="dense second">Iteration {page.iteration}{page.of ? ` of ${page.of}` : ""}</span>}
      {page.chosen && <span class="dense second">The {page.classes.length} classes that were kept</span>}
      <span aria-live="polite" class="row">
        {newer && <><span class="chip ask">Iteration {newest} is ready</span><button type="button" class="button small-button" onClick={() => setQuery({ it: newest })}>Show it</button></>}
      </span>
      {marks.elsewhere && (
        <button type="button" class="button small-button" onClick={() => marks.set(marks.elsewhere!.numbers, "carry over")}>
          Carry over {marks.elsewhere.numbers.length} marks of iteration {marks.elsewhere.it}
        </button>
      )}
      <span class="grow" />
      {props.flat && props.moves && <button type="button" class="button bare small-button" aria-pressed={props.grid} onClick={() => setQuery({ show: props.grid ? null : "history" })}>{props.grid ? "Gallery" : "History"} <kbd>H</kbd></button>}
      {props.children}
    </div>
  );
}

function sortOf(word: string | null, page: Page): Key {
  if (word === "particles" || word === "resolution" || word === "number" || (word === "score" && page.ranked)) return word;
  return page.chosen ? "number" : page.ranked ? "score" : "particles";
}

/** A setting of this browser. */
function useKept<T extends string | number>(key: string, first: T): [T, (value: T) => void] {
  const kept = localStorage.getItem(key);
  const [value, setValue] = useState<T>(kept === null ? first : ((typeof first === "number" ? Number(kept) || first : kept) as T));
  return [value, (next) => { setValue(next); localStorage.setItem(key, String(next)); }];
}
