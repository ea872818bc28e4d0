// Two to six jobs beside one another: what differs in their settings, inputs and numbers, then their results of the same kind.
import type { ComponentType } from "preact";
import { useEffect, useErrorBoundary, useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { byNumber, jobs } from "../../app/data";
import { query, setQuery, to } from "../../app/place";
import { middle } from "../../app/words";
import { Glyph } from "../../parts/Glyph";
import { Icon } from "../../parts/Icon";
import { Broken, Empty, Loading } from "../../parts/messages";
import { Tabs, TabPanel } from "../../parts/Tabs";
import { VIEWS, type ViewProps } from "../../views/registry";
import { CommonCurves } from "./CommonCurves";
import "./compare.css";

type Comparison = Schema<"Comparison">;
const LETTERS = ["a", "b", "c", "d", "e", "f"];

/** The jobs that the address names: a, b, c ... */
function asked(): string[] {
  return LETTERS.flatMap((letter) => query.value.get(letter) ?? []);
}

export default function Compare() {
  const words = asked();
  const enough = new Set(words).size > 1;
  const found = useResource<Comparison>(enough ? "compare" : "", { job: words }, ["jobs"]);
  return (
    <div class="compare">
      <header class="compare-head">
        <h1>Compare</h1>
        {[...words, ""].slice(0, LETTERS.length).map((word, at) => <Picker key={`${at} ${word}`} at={at} word={word} words={words} />)}
        {words.length === 2 && <button type="button" class="button small-button" onClick={() => setQuery({ a: words[1]!, b: words[0]! })}><Icon name="sort" />Swap</button>}
      </header>
      {!enough && <Empty title="Choose two jobs" why="Or press X on the page of one job, and then on another." />}
      {enough && found.problem && <Broken sentence={found.problem.message} />}
      {enough && !found.data && !found.problem && <Loading what="reading both jobs" height={240} />}
      {enough && found.data && !found.problem && <Shown said={found.data} />}
    </div>
  );
}

function Picker({ at, word, words }: { at: number; word: string; words: string[] }) {
  const all = [...(jobs.value ?? [])].reverse();
  const type = byNumber.value.get(words[0] ?? "")?.type;
  const like = all.filter((job) => job.type === type && type);
  const rest = all.filter((job) => !like.includes(job));
  const change = (next: string): void => {
    const kept = [...words];
    if (next) kept[at] = next;
    else kept.splice(at, 1);
    setQuery(Object.fromEntries(LETTERS.map((letter, index) => [letter, kept[index] ?? null])));
  };
  const option = (job: Schema<"JobRow">) => <option key={job.number} value={job.number}>{`${job.title}, job${job.number}${job.key ? `, ${job.key}` : ""}`}</option>;
  return (
    <label class="compare-pick"><span class="hidden-text">{word ? `Job ${at + 1}` : "Add a job"}</span>
      <select class="field-box" value={word} onChange={(event) => change(event.currentTarget.value)}>
        <option value="">{word ? "Take it away" : "Add a job…"}</option>
        {word && !byNumber.value.has(word) && <option value={word}>job{word}</option>}
        {like.length > 0 ? <><optgroup label="Of the same type">{like.map(option)}</optgroup><optgroup label="Others">{rest.map(option)}</optgroup></> : all.map(option)}
      </select>
    </label>
  );
}

function Heads({ said }: { said: Comparison }) {
  return <>{said.jobs.map((job) => <th key={job.number} scope="col"><a class="row compare-job" href={to(`job/${job.number}`)}><Glyph state={job.state} /><span class="cut">{job.title}</span><span class="quiet">{job.number}</span></a></th>)}</>;
}

function Shown({ said }: { said: Comparison }) {
  const work = said.differing.filter((one) => !one.place);
  const place = said.differing.filter((one) => one.place);
  const shared = said.inputs.filter((input) => input.taken_by.every(Boolean));
  const apart = said.inputs.filter((input) => !input.taken_by.every(Boolean));
  return (
    <div class="compare-parts">
      {said.word && <p class="compare-word">{said.word}</p>}
      <section class="card" aria-label="Numbers">
        <h2>Numbers</h2>
        <div class="compare-scroll" tabIndex={0} role="region" aria-label="Table of numbers">
          <table class="rows"><thead><tr><th scope="col"><span class="hidden-text">Number</span></th><Heads said={said} /></tr></thead>
            <tbody>{said.figures.map((figure) => <tr key={figure.label}><th scope="row">{figure.label}</th>{figure.values.map((value, at) => <td key={at}>{value || <span class="quiet">–</span>}</td>)}</tr>)}</tbody></table>
        </div>
      </section>
      <section class="card" aria-label="Settings that differ">
        <h2>Settings that differ <span class="quiet">{said.differing.length} of {said.differing.length + said.same}</span></h2>
        {said.differing.length === 0 ? <p class="quiet compare-none">All {said.same} settings are the same.</p> : (
          <div class="compare-scroll" tabIndex={0} role="region" aria-label="Table of settings">
            <table class="rows"><thead><tr><th scope="col">Setting</th><Heads said={said} /><th scope="col">Default</th></tr></thead>
              <tbody>{work.map((one) => <Row key={one.name} one={one} />)}
                {place.length > 0 && <tr><th scope="colgroup" colSpan={said.jobs.length + 2} class="compare-group">Where it ran; none of it changes the result</th></tr>}
                {place.map((one) => <Row key={one.name} one={one} />)}</tbody></table>
          </div>
        )}
      </section>
      {said.inputs.length > 0 && (
        <section class="card" aria-label="Inputs">
          <h2>Inputs</h2>
          <div class="compare-scroll" tabIndex={0} role="region" aria-label="Table of inputs">
            <table class="rows"><thead><tr><th scope="col">File</th><Heads said={said} /></tr></thead>
              <tbody>{[...apart, ...shared].map((input) => <tr key={input.path}><th scope="row" class="mono"><a href={to("view", { path: input.path })} title={input.path}>{middle(input.path, 56)}</a></th>{input.taken_by.map((taken, at) => <td key={at}>{taken ? "yes" : <span class="quiet">–</span>}</td>)}</tr>)}</tbody></table>
          </div>
        </section>
      )}
      <CommonCurves jobs={said.jobs} />
      <Pictures said={said} />
    </div>
  );
}

function Row({ one }: { one: Schema<"Difference"> }) {
  return (
    <tr>
      <th scope="row">{one.label}{one.unit && <span class="quiet"> ({one.unit})</span>}</th>
      {one.values.map((value, at) => <td key={at} class="compare-value" title={value ?? ""}>{value === null ? <span class="quiet">no such setting</span> : value === "" ? <span class="quiet">empty</span> : middle(value, 44)}{one.defaults[at] && <span class="quiet small"> default</span>}</td>)}
      <td class="quiet">{one.default || "–"}</td>
    </tr>
  );
}

/** Results of one kind side by side, two at a time. */
function Pictures({ said }: { said: Comparison }) {
  const drawn = said.outputs.filter((output) => VIEWS[output.view] && output.view !== "curves");
  const wanted = query.value.get("what") ?? "";
  const chosen = drawn.find((output) => output.title === wanted) ?? drawn[0];
  if (!chosen) return null;
  return (
    <section aria-label="Results">
      <Tabs name="compare" look="files" label="Results of the same kind" tabs={drawn.map((output) => ({ id: output.title, title: output.title }))} value={chosen.title} onChange={(what) => setQuery({ what })} />
      <TabPanel name="compare" id={chosen.title} class="compare-pictures">
        {chosen.view === "volume" ? <Maps key={chosen.title} output={chosen} said={said} /> : chosen.paths.map((path, at) => path && <figure key={path} class="card compare-picture"><figcaption>{said.jobs[at]!.title} <span class="quiet">job{said.jobs[at]!.number}</span></figcaption><One path={path} output={chosen} job={said.jobs[at]!.name} /></figure>)}
      </TabPanel>
    </section>
  );
}

/** Maps in one viewer, so that they share camera, cross and threshold; side by side, blinking or as difference, as it offers. */
function Maps({ output, said }: { output: Schema<"SharedOutput">; said: Comparison }) {
  const paths = output.paths.flatMap((path) => path ?? []);
  const rest = paths.slice(1).join("|");
  const [ready, setReady] = useState(false);
  useEffect(() => {
    setQuery({ with: rest, several: "side", level: null });
    setReady(true);
    return () => setQuery({ with: null, several: null, eye: null, at: null, level: null });
  }, [rest]);
  const first = output.paths.findIndex(Boolean);
  return (
    <figure class="card compare-picture compare-maps">
      <figcaption>{output.paths.flatMap((path, at) => (path ? `${said.jobs[at]!.title} ${said.jobs[at]!.number}` : [])).join(" and ")} <span class="quiet">with one camera</span></figcaption>
      {ready && paths[0] && <One path={paths[0]} output={output} job={said.jobs[first]!.name} />}
    </figure>
  );
}

function One({ path, output, job }: { path: string; output: Schema<"SharedOutput">; job: string }) {
  const [drawn, setDrawn] = useState<{ View: ComponentType<ViewProps> }>();
  const [fault] = useErrorBoundary();
  useEffect(() => {
    let here = true;
    void VIEWS[output.view]?.().then((module) => here && setDrawn({ View: module.default }));
    return () => void (here = false);
  }, [output.view]);
  if (fault) return <Broken sentence={`The view broke: ${String(fault)}`} />;
  return drawn ? <drawn.View path={path} kind={output.kind} job={job} mode="file" /> : <Loading what="loading the view" height={240} />;
}
