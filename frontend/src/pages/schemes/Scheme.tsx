// One Scheme: its graph with the present node lit, its variables edited in place, its acts, and what it has printed.
import { useState } from "preact/hooks";
import { act, useResource, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import type { PageProps } from "../../app/pages";
import { to } from "../../app/place";
import { attempt, say } from "../../app/toasts";
import { Glyph } from "../../parts/Glyph";
import { Broken, Loading } from "../../parts/messages";
import { SchemeGraph } from "./SchemeGraph";
import { GLYPH } from "./state";
import "./schemes.css";

type Shown = Schema<"SchemeShown">;

export default function Scheme({ params }: PageProps) {
  const page = `schemes/${encodeURIComponent(params.word ?? "")}`;
  const found = useResource<Shown>(page, {}, ["project", "jobs", "live"]);
  const [node, setNode] = useState("");
  if (found.problem) return <Broken sentence={found.problem.message} />;
  if (!found.data) return <Loading what="Reading the Scheme" />;
  const scheme = found.data;
  const runs = scheme.state === "runs";
  const doing = async (word: string, body: unknown = {}) => {
    const done = await attempt(() => act<Schema<"SchemeSaid">>("POST", `${page}/${word}`, body));
    if (done) say(done.sentence);
    found.again();
  };
  return (
    <div class="schemes-page">
      <header class="row">
        <Glyph state={GLYPH[scheme.state] ?? "scheduled"} silent size={20} />
        <div class="grow">
          <h1>{scheme.word}</h1>
          <p class="quiet dense">{scheme.name} · {scheme.state}{scheme.at && ` at ${scheme.at}`}{scheme.owner && ` · locked by ${scheme.owner}`}</p>
        </div>
        {!mayAct.value ? null : scheme.state === "died" && <button class="button" onClick={() => doing("unlock")}>Unlock</button>}
        {!mayAct.value ? null : runs ? (
          <button class="button likely" onClick={() => doing("abort")}>Abort</button>
        ) : (
          <>
            <button class="button" onClick={() => doing("reset")}>Reset</button>
            {node && <button class="button" onClick={() => doing("start", { node })}>Restart from {node}</button>}
            <button class="button likely" onClick={() => doing("start")} disabled={scheme.state === "died"}>Start</button>
          </>
        )}
      </header>
      <section class="card schemes-graph" aria-label="Graph">
        {scheme.graph.length ? <SchemeGraph scheme={scheme} chosen={node} onChoose={setNode} /> : (
          <p class="message second">No nodes yet. Add them with: vitreous project scheme add job, operator, variable, edge.</p>
        )}
      </section>
      <div class="schemes-columns">
        <Variables page={page} variables={scheme.variables} runs={runs} again={found.again} />
        <section class="card schemes-log" aria-label="What it printed">
          <h2>Output</h2>
          {scheme.log ? <pre class="mono" tabIndex={0}>{scheme.log}</pre> : <p class="quiet">Nothing was printed yet.</p>}
        </section>
      </div>
      <p><a href={to("schemes")}>All Schemes</a></p>
    </div>
  );
}

function Variables(props: { page: string; variables: Schema<"VariableRow">[]; runs: boolean; again: () => void }) {
  const set = async (name: string, value: string) => {
    const done = await attempt(() => act<Schema<"SchemeSaid">>("PUT", `${props.page}/variables/${encodeURIComponent(name)}`, { value }));
    if (done) say(done.sentence);
    props.again();
  };
  return (
    <section class="card schemes-variables" aria-label="Variables">
      <h2>Variables</h2>
      {props.runs && <p class="quiet dense">They can be changed when it does not run.</p>}
      <table class="rows">
        <thead><tr><th>Name</th><th>Value</th><th>After a reset</th></tr></thead>
        <tbody>
          {props.variables.map((one) => (
            <tr key={one.name}>
              <td class="mono">{one.name}</td>
              <td>
                <input key={one.value} class="field-box" aria-label={`Value of ${one.name}`} defaultValue={one.value} disabled={props.runs || !mayAct.value}
                  onChange={(event) => set(one.name, event.currentTarget.value)} />
              </td>
              <td class="mono quiet">{one.reset}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
