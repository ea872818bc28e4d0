// A new job: what it will do in one sentence, the settings by tab, and the foot with Run. The whole filled form can be a link.
import { useEffect, useState } from "preact/hooks";
import { useResource, type Asked } from "../../api/client";
import { mayAct, project } from "../../app/data";
import type { PageProps } from "../../app/pages";
import { query } from "../../app/place";
import { Icon, iconOf } from "../../parts/Icon";
import { Broken, Empty, Loading } from "../../parts/messages";
import { CompareWith, useCompared } from "./CompareWith";
import { Fields, useGoTo } from "./Fields";
import { type Form, useFilling } from "./filling";
import { Foot } from "./Foot";
import "./form.css";

export default function NewJob({ params }: PageProps) {
  const type = params.type ?? "";
  const asked: Asked = {};
  for (const [name, value] of query.value) if (name === "from" || /^(in|v)\./.test(name)) asked[name] = value;
  const form = useResource<Form>(`forms/${encodeURIComponent(type)}`, asked);
  const [shown, setShown] = useState<{ form: Form; key: string }>();
  const key = `${type}?${JSON.stringify(asked)}`;
  useEffect(() => {
    if (form.data && form.data.type === type && !form.updating) setShown({ form: form.data, key });
  }, [form.data, form.updating]);
  if (form.problem && !form.data) return <Broken sentence={form.problem.message} />;
  if (project.value && !mayAct.value) return <Empty title="This window may only look" why="New jobs need the address with the full token." />;
  if (!shown || shown.key !== key) return <Loading what="reading the form" height={400} />;
  return <Filled key={key} form={shown.form} fresh={Object.keys(asked).length === 0} />;
}

function Filled({ form, fresh }: { form: Form; fresh: boolean }) {
  const filling = useFilling(form, { draft: fresh });
  const [tab, setTab] = useState(form.tabs[0]?.name ?? "");
  const [, focus] = useGoTo();
  const compared = useCompared(filling);
  const goTo = (field: string) => {
    setTab(filling.tabOf.get(field) ?? tab);
    compared.stop();
    focus(field);
  };
  return (
    <div class="form-page">
      <header class="form-head">
        <div class="row form-title">
          <Icon name={iconOf(form.type, form.label)} size={20} />
          <h1 class="grow cut">New job: {form.title}</h1>
          <CompareWith filling={filling} compared={compared} />
          <label class="row"><span class="second">Name</span><input class="field-box form-alias" placeholder="none" spellcheck={false} value={filling.alias} aria-invalid={filling.errors.has("alias") ? "true" : undefined} onInput={(event) => filling.setAlias(event.currentTarget.value)} /></label>
        </div>
        <p class="form-sentence" aria-live="polite">{filling.check?.sentence || form.help}</p>
        {(form.note || filling.restored > 0) && (
          <p class="dense form-note">
            {form.note}
            {filling.restored > 0 && <>Your draft of {new Date(filling.restored).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })} is back. <button type="button" class="button small-button" onClick={filling.afresh}>Begin afresh</button></>}
          </p>
        )}
      </header>
      <Fields filling={filling} only={compared.only} tab={tab} setTab={(next) => { compared.stop(); setTab(next); }} />
      <Foot filling={filling} goTo={goTo} />
    </div>
  );
}
