// The initial screen: the four first acts, and how another project, of RELION too, is opened.
import { project } from "../../app/data";
import { to } from "../../app/place";
import { Begin } from "./Begin";
import "./home.css";

export default function Start() {
  const row = project.value;
  return (
    <div class="home home-start">
      <header class="home-head"><h1 class="grow">Begin</h1><a class="button" href={to("")}>Home of the project</a></header>
      <section class="card home-other" aria-label="Open a RELION project">
        <h2>Open a RELION project</h2>
        <p class="second">A project is its directory: one of RELION 3.1, 4 or 5 opens as it is, with its jobs, aliases and notes. Each window shows one directory. Begin a window in it:</p>
        <pre class="mono" tabIndex={0} aria-label="Commands">cd /path/to/relion_project{"\n"}vitreous web</pre>
        <p class="second">RELION and this window may be open on it at the same time; both keep default_pipeline.star.{row?.path ? ` This window shows ${row.path}.` : ""}</p>
      </section>
      {row && (!row.exists ? <Begin /> : <p class="second">This directory holds a project already; new jobs begin with <kbd>N</kbd>.</p>)}
    </div>
  );
}
