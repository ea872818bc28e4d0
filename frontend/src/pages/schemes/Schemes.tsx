// All Schemes of the project, how each stands, and a way to begin a new one.
import { useState } from "preact/hooks";
import { act, useResource, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { attempt } from "../../app/toasts";
import { go, to } from "../../app/place";
import { Broken, Empty, Loading } from "../../parts/messages";
import { Glyph } from "../../parts/Glyph";
import { GLYPH } from "./state";
import "./schemes.css";

export default function Schemes() {
  const all = useResource<Schema<"SchemeRow">[]>("schemes", {}, ["project", "jobs"]);
  if (all.problem) return <Broken sentence={all.problem.message} />;
  if (!all.data) return <Loading what="Reading the Schemes" />;
  return (
    <div class="schemes-page">
      <header class="row"><h1 class="grow">Schemes</h1>{mayAct.value && <NewScheme />}</header>
      {all.data.length === 0 ? (
        <Empty title="No Schemes yet" why="A Scheme repeats jobs while data come, with conditions between them. Make one here, or bring a folder of RELION's into Schemes/ (Schedules/ for RELION 3.1)." />
      ) : (
        <table class="rows card">
          <thead><tr><th>Name</th><th>State</th><th>At</th><th class="number">Nodes</th><th>Kind</th></tr></thead>
          <tbody>
            {all.data.map((one) => (
              <tr key={one.name}>
                <td><a href={to(`schemes/${encodeURIComponent(one.word)}`)}>{one.word}</a></td>
                <td><span class="row"><Glyph state={GLYPH[one.state] ?? "scheduled"} silent />{one.state}</span></td>
                <td class={one.problem ? "state-fail" : ""}>{one.problem || one.at || "first node"}</td>
                <td class="number">{one.nodes}</td>
                <td>{one.flavour === "schedule" ? "RELION 3.1 schedule" : "Scheme"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function NewScheme() {
  const [word, setWord] = useState("");
  const make = async (event: Event) => {
    event.preventDefault();
    const made = await attempt(() => act<Schema<"SchemeSaid">>("POST", "schemes", { word }));
    if (made) go(to(`schemes/${encodeURIComponent(made.scheme.word)}`));
  };
  return (
    <form class="row" onSubmit={make}>
      <label class="row quiet">Name <input class="field-box" value={word} required maxLength={100} onInput={(event) => setWord(event.currentTarget.value)} /></label>
      <button class="button" type="submit" disabled={!word.trim()}>New Scheme</button>
    </form>
  );
}
