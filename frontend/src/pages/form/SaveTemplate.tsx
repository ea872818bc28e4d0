// Saves a filled form as a template: its name, and which settings are left as blanks to be asked for.
import { useState } from "preact/hooks";
import { act } from "../../api/client";
import { to } from "../../app/place";
import { attempt, say } from "../../app/toasts";
import { Dialog } from "../../parts/Dialog";
import type { Filling } from "./filling";
import { differing } from "./draft";

export function SaveTemplate({ filling, onClose }: { filling: Filling; onClose: () => void }) {
  const { form } = filling;
  const slots = [...filling.fields.values()].filter((field) => field.kind === "slot" && filling.values[field.name]);
  const [name, setName] = useState(form.title);
  const [blanks, setBlanks] = useState<ReadonlySet<string>>(new Set(slots.map((field) => field.name)));
  const defaults = Object.fromEntries([...filling.fields.values()].map((field) => [field.name, field.default]));
  const offered = [...filling.fields.values()].filter((field) => field.name in differing(filling.values, defaults));
  const toggle = (field: string) => {
    const next = new Set(blanks);
    if (!next.delete(field)) next.add(field);
    setBlanks(next);
  };
  const save = () =>
    attempt(async () => {
      const steps = [{ type: form.type, alias: filling.alias, values: differing(filling.values, defaults), blanks: [...blanks] }];
      await act("POST", "templates", { name, steps });
      say(`The template “${name}” is saved`, { link: { title: "Templates", to: to("settings/templates") } });
      onClose();
    });
  return (
    <Dialog title="Save as template" onClose={onClose} foot={
      <>
        <button type="button" class="button" onClick={onClose}>Cancel</button>
        <button type="button" class="button likely" disabled={!name.trim()} onClick={() => void save()}>Save</button>
      </>
    }>
      <label class="column form-name"><span class="second">Name</span><input class="field-box" value={name} onInput={(event) => setName(event.currentTarget.value)} /></label>
      <fieldset class="form-blanks">
        <legend class="second">Blanks: asked for each time</legend>
        {offered.map((field) => (
          <label key={field.name} class="row"><input type="checkbox" checked={blanks.has(field.name)} onChange={() => toggle(field.name)} /> {field.label} <span class="quiet cut">{filling.values[field.name]}</span></label>
        ))}
        {!offered.length && <p class="quiet">All settings are at their defaults.</p>}
      </fieldset>
    </Dialog>
  );
}
