// Where a job came from, at the left, and what became of it, at the right; with the flow chart and the text for a paper.
import { address, useResource, type Schema } from "../../api/client";
import { to } from "../../app/place";
import { attempt, say, sayError } from "../../app/toasts";
import { get } from "../../api/client";
import { useState } from "preact/hooks";
import { Glyph } from "../../parts/Glyph";
import { Icon } from "../../parts/Icon";
import { Broken, Loading } from "../../parts/messages";
import { middle } from "../../app/words";

type Job = Schema<"Job">;

export function LineageTab({ job }: { job: Job }) {
  const found = useResource<Schema<"Lineage">>(`jobs/${job.number}/lineage`, {}, ["jobs"]);
  if (found.problem && !found.data) return <Broken sentence={found.problem.message} />;
  if (!found.data) return <Loading what="reading the graph" />;
  const outside = job.inputs.filter((input) => !input.made_by);
  return (
    <div class="lineage">
      <div class="lineage-bar">
        <a class="button small-button" href={to("", { view: "tree", focus: job.number })}><Icon name="graph" />Show in the pipeline</a>
        <a class="button small-button" download href={address(`jobs/${job.number}/flowchart`, { form: "svg" })}><Icon name="download" />Flow chart of its history</a>
        <a class="button small-button" download href={address(`jobs/${job.number}/flowchart`, { form: "svg", down: true })}><Icon name="download" />Flow chart of its use</a>
      </div>
      <div class="lineage-columns">
        <Way title="Inputs go back to" empty="It was made from nothing in this project." steps={found.data.up} />
        <section class="card lineage-own" aria-label="This job">
          <h2 class="row"><Glyph state={job.state} />{job.title}</h2>
          <p class="quiet">{job.type_title}, job{job.number}</p>
          <h3>Takes</h3>
          {job.inputs.length ? <ul>{job.inputs.map((input) => <li key={input.path}><File path={input.path} there={input.exists} /></li>)}</ul> : <p class="quiet">no files of the project</p>}
          {outside.length > 0 && <p class="small quiet">{outside.length === 1 ? "One of these comes" : `${outside.length} of these come`} from outside of the project's jobs.</p>}
          <h3>Makes</h3>
          {job.outputs.length ? <ul>{job.outputs.map((output) => <li key={output.path}><File path={output.path} there={output.exists} /></li>)}</ul> : <p class="quiet">nothing yet</p>}
        </section>
        <Way title="Its results went into" empty="No job uses it yet." steps={found.data.down} />
      </div>
      <MethodsText job={job} />
    </div>
  );
}

function File({ path, there }: { path: string; there: boolean }) {
  return there ? <a class="mono" href={to("view", { path })} title={path}>{middle(path, 46)}</a> : <span class="mono quiet" title={path}>{middle(path, 40)} (not on disk)</span>;
}

function Way(props: { title: string; empty: string; steps: Schema<"LineageStep">[] }) {
  return (
    <section class="lineage-way" aria-label={props.title}>
      <h2>{props.title}</h2>
      {!props.steps.length && <p class="quiet">{props.empty}</p>}
      <ol>
        {props.steps.map((step) => (
          <li key={step.job.number} class="card lineage-step" style={{ marginLeft: Math.min(step.depth - 1, 4) * 12 }}>
            <a href={to(`job/${step.job.number}/lineage`)} class="row"><Glyph state={step.state} /><span class="cut grow">{step.job.title}</span><span class="quiet small">job{step.job.number}</span></a>
            <span class="mono quiet cut" title={Object.values(step.files).flat().join("\n")}>{middle(Object.values(step.files).flat()[0]?.split("/").pop() ?? "", 40)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function MethodsText({ job }: { job: Job }) {
  const [text, setText] = useState<Schema<"Methods">>();
  const write = async (): Promise<void> => setText(await attempt(() => get<Schema<"Methods">>(`jobs/${job.number}/methods`)));
  if (!text) return <p><button type="button" class="button" onClick={() => void write()}><Icon name="note" />Write a methods text</button></p>;
  const whole = `${text.text}\n\n${text.citations.map((one) => `[${one.mark}] ${one.work}`).join("\n")}\n`;
  return (
    <section class="card lineage-methods" aria-label="Methods text">
      <div class="row"><h2 class="grow">Methods text</h2>
        <button type="button" class="button small-button" onClick={() => void navigator.clipboard.writeText(whole).then(() => say("The text was copied"), () => sayError("The browser did not let the text be copied; mark it by hand."))}><Icon name="copy" />Copy</button></div>
      <p class="lineage-words">{text.text || "Nothing is known that could be told."}</p>
      <ol>{text.citations.map((one) => <li key={one.mark}>[{one.mark}] {one.work}</li>)}</ol>
      {text.left_out.length > 0 && <p class="quiet small">Left out: {text.left_out.join("; ")}.</p>}
      <p class="quiet small">Read it before you use it: it tells settings and numbers, not why they were chosen.</p>
    </section>
  );
}
