// The Parameters tab of a job: its form, filled. A change turns the act into Continue now; what may not change says why.
import { useState } from "preact/hooks";
import { act, type Schema, useResource } from "../../api/client";
import { mayAct } from "../../app/data";
import { useKeys } from "../../app/keys";
import { go, to } from "../../app/place";
import { attempt, say } from "../../app/toasts";
import { Icon } from "../../parts/Icon";
import { Broken, Loading } from "../../parts/messages";
import { CommandDialog } from "./CommandDialog";
import { CompareWith, useCompared } from "./CompareWith";
import { differing } from "./draft";
import { Fields, useGoTo } from "./Fields";
import { type Form, useFilling } from "./filling";
import { standsInTheWay } from "./Foot";
import { Prediction } from "./Prediction";
import "./form.css";

export default function Parameters({ job }: { job: number | string }) {
  const number = String(job).padStart(3, "0");
  const form = useResource<Form>(`jobs/${number}/form`, {}, [`job:${number}`]);
  if (form.problem && !form.data) return <Broken sentence={form.problem.message} />;
  if (!form.data) return <Loading what="reading the parameters" height={400} />;
  const { data } = form;
  return data.unsupported ? <Foreign form={data} number={number} /> : <Filled key={`${data.job} ${data.state}`} form={data} number={number} />;
}

function Filled({ form, number }: { form: Form; number: string }) {
  const filling = useFilling(form, { job: number });
  const [tab, setTab] = useState(form.tabs[0]?.name ?? "");
  const [, focus] = useGoTo();
  const [command, setCommand] = useState(false);
  const [busy, setBusy] = useState(false);
  const compared = useCompared(filling);
  const changed = differing(filling.values, form.values);
  const count = Object.keys(changed).length;
  const stop = standsInTheWay(filling);
  const running = form.state === "Running";
  const begun = form.state !== "Scheduled";
  const goTo = (field: string) => {
    setTab(filling.tabOf.get(field) ?? tab);
    compared.stop();
    focus(field);
  };
  const send = () =>
    attempt(async () => {
      if (stop) {
        filling.setTried(true);
        if (stop.field) goTo(stop.field);
        return;
      }
      setBusy(true);
      try {
        const said = await act<Schema<"Added">>("POST", `jobs/${number}/start`, { changed });
        say(said.question ? said.said : `job${number} ${begun ? "goes on" : "runs"}`);
        go(said.question ? to(`job/${number}/answer`) : to(`job/${number}`, { tab: undefined }));
      } finally {
        setBusy(false);
      }
    });
  useKeys({ "Ctrl+Enter": { title: begun ? "Continue now" : "Run", run: () => void send(), inFields: true } });
  return (
    <div class="form-page inside">
      <div class="form-head">
        <div class="row form-title">
          <p class="form-sentence grow" aria-live="polite">{filling.check?.sentence || form.help}</p>
          <CompareWith filling={filling} compared={compared} />
        </div>
      </div>
      <Fields reading filling={filling} only={compared.only} tab={tab} setTab={(next) => { compared.stop(); setTab(next); }} />
      {mayAct.value && <footer class="form-foot">
        <div class="form-acts">
          <button type="button" class={`button ${count ? "form-continue" : begun ? "" : "likely"}`} disabled={running || busy || !mayAct.value} title={running ? "the job is at work" : undefined} onClick={() => void send()}>
            {begun ? "Continue now" : "Run"} <kbd class="form-kbd">Ctrl ↵</kbd>
          </button>
          {count > 0 && <span class="form-count" role="status">{count} changed</span>}
          {count > 0 && <button type="button" class="button bare" onClick={() => filling.setAll(form.values)}>Take back</button>}
          {count > 0 && <a class="button" href={to(`new/${form.type}`, { from: number, ...asLink(changed) })}><Icon name="copy" /> New job with these</a>}
          <button type="button" class="button bare" disabled={!filling.check?.command} onClick={() => setCommand(true)}>Print command</button>
        </div>
        {!running && <Prediction filling={filling} />}
        <p class="form-stop" role="status">
          {running ? "The job is at work; its settings can change when it has stopped."
            : stop ? <><Icon name="info" /> <button type="button" class="form-stop-link" onClick={() => { filling.setTried(true); if (stop.field) goTo(stop.field); }}>{stop.words}</button></>
            : (filling.check?.changes ?? []).join("; ")}
        </p>
      </footer>}
      {command && filling.check?.command && <CommandDialog command={filling.check.command} many={1} onClose={() => setCommand(false)} />}
    </div>
  );
}

/** Changed values as the address of a new form takes them. */
function asLink(changed: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(changed).map(([name, value]) => [`v.${name}`, value]));
}

/** A job of a type that we do not have: its options as RELION wrote them, to be read. */
function Foreign({ form, number }: { form: Form; number: string }) {
  const names = Object.keys(form.values).sort();
  return (
    <div class="form-page inside">
      <div class="form-head"><p class="form-sentence">{form.unsupported}</p></div>
      <div class="form-scroll">
        <table class="rows form-foreign" aria-label={`Options of job${number}`}>
          <thead><tr><th scope="col">RELION's option</th><th scope="col">Value</th></tr></thead>
          <tbody>{names.map((name) => <tr key={name}><td class="mono">{name}</td><td>{form.values[name] || <span class="quiet">empty</span>}</td></tr>)}</tbody>
        </table>
      </div>
    </div>
  );
}
