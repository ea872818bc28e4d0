// The session that is being recorded: pace, steps, values over time with their limits as lines, newest pictures, monitors.
import { useState } from "preact/hooks";
import { act, address, useResource, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { to } from "../../app/place";
import { attempt } from "../../app/toasts";
import { Glyph } from "../../parts/Glyph";
import { Broken, Empty, Loading } from "../../parts/messages";
import { Plot, type Mark } from "../../parts/Plot";
import { ago, SERIES, span } from "./values";
import { Monitors } from "./Monitors";
import "./live.css";

type Session = Schema<"Session">;

export default function Live() {
  const session = useResource<Session>("live", {}, ["jobs", "live"]);
  if (session.problem) return <Broken sentence={session.problem.message} />;
  if (!session.data) return <Loading what="Reading the session" />;
  const now = session.data;
  if (!now.steps.length)
    return (
      <div class="live-page">
        <h1>Live session</h1>
        <Empty title="No movies yet" why="A session begins with an import of movies that watches a folder; each step then starts when its first input is there.">
          <a class="button likely" href={to("new/import", { "v.watch": "true" })}>Import movies as they come</a>
        </Empty>
      </div>
    );
  return (
    <div class="live-page">
      <Head session={now} />
      <Steps steps={now.steps} />
      <Strip names={now.newest} />
      <div class="live-plots">{now.series.filter((one) => SERIES[one.name]).map((one) => <Values key={one.name} session={now} name={one.name} again={session.again} />)}</div>
      <Results results={now.results} />
      <Monitors rows={now.monitors} again={session.again} />
    </div>
  );
}

function Head({ session }: { session: Session }) {
  const figures: [string, string][] = [
    [session.movies.toLocaleString("en-GB"), "movies"],
    [`${session.last_hour.toLocaleString("en-GB")}`, `in the last hour, best ${session.best_hour.toLocaleString("en-GB")}`],
    [session.since_last_s === null || session.since_last_s === undefined ? "–" : ago(session.since_last_s), "since the last movie"],
    [session.behind.toLocaleString("en-GB"), session.behind === 1 ? "movie waits" : "movies wait"],
    [session.micrographs.toLocaleString("en-GB"), "micrographs with values"],
  ];
  return (
    <header class="live-head">
      <div class="grow">
        <h1>Live session</h1>
        <p class="quiet dense">{session.running ? "Running; the page follows" : "Nothing runs; this is the newest session as it ended"}</p>
      </div>
      <dl class="live-figures">
        {figures.map(([value, name]) => <div key={name}><dd class="key-number">{value}</dd><dt class="small quiet">{name}</dt></div>)}
      </dl>
    </header>
  );
}

function Steps({ steps }: { steps: Session["steps"] }) {
  return (
    <ul class="live-steps" aria-label="Steps">
      {steps.map((step) => (
        <li key={step.number} class="card">
          <a href={to(`job/${step.number}`)} class="row"><Glyph state={step.state} /><span class="strong cut grow">{step.title}</span><span class="dense second">{step.key}</span></a>
          {step.progress && step.state === "running" && (
            <div class="bar" role="progressbar" aria-label={step.title} aria-valuenow={step.progress.done} aria-valuemin={0} aria-valuemax={step.progress.total}>
              <i style={{ width: `${(100 * step.progress.done) / Math.max(step.progress.total, 1)}%` }} />
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

function Strip({ names }: { names: string[] }) {
  if (!names.length) return null;
  return (
    <section class="card live-strip" aria-label="Newest micrographs">
      <h2>Newest micrographs</h2>
      <ul tabIndex={0}>
        {names.map((name) => (
          <li key={name}>
            <a href={to("view", { path: name })} title={name}>
              <img src={address("image/thumb/96", { path: name })} alt={name.replace(/^.*\//, "")} width={96} height={96} loading="lazy" />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Values(props: { session: Session; name: string; again: () => void }) {
  const about = SERIES[props.name]!;
  const values = props.session.series.find((one) => one.name === props.name)!.values;
  const [moved, setMoved] = useState<Record<string, number>>({});
  const set = async (id: string, shown: number) => {
    setMoved({ ...moved, [id]: shown });
    await attempt(() => act("PUT", `monitors/${id}`, { limit: shown / about.scale }));
    props.again();
  };
  const marks: Mark[] = props.session.monitors
    .filter((one) => about.monitors.includes(one.id))
    .map((one) => ({
      axis: "y", at: moved[one.id] ?? one.limit * about.scale, label: one.name, kind: "threshold", step: about.step,
      ...(mayAct.value ? { onMove: (at: number) => void set(one.id, at) } : {}),
    }));
  const x = values.map((_, index) => props.session.first + index);
  const y = values.map((value) => (value === null ? null : value * about.scale));
  return (
    <div class="card live-plot">
      <Plot title={about.title} height={170} x={{ name: "micrograph" }} y={{ name: about.title, unit: about.unit, ...span(y, marks.map((mark) => mark.at)) }}
        curves={[{ name: about.title, x, y, style: "points" }]} marks={marks} sync="live" />
    </div>
  );
}

function Results({ results }: { results: Session["results"] }) {
  if (!results.length) return null;
  return (
    <p class="row">
      {results.map((one) => (
        <a key={one.path} class="button" href={to(`job/${one.job}`)}>{one.view === "classes" ? "Newest classes" : "Newest map"}: job {one.job}</a>
      ))}
    </p>
  );
}
