// One setting of a form: label, control by kind, unit, dot when it is not the default, help, and the sentence under it.
import { useId, useRef, useState } from "preact/hooks";
import { useAway } from "./away";
import type { ComponentChildren } from "preact";
import type { Schema } from "../api/client";
import { beyond, limitsOf } from "./fieldWords";
import { Slot } from "./Slot";
import "./field.css";

export type FormField = Schema<"FormField">;

export interface FieldProps {
  field: FormField;
  value: string;
  onChange: (value: string) => void;
  /** Called when the control is left, so that its value can be judged at once. */
  onLeave?: () => void;
  error?: string | undefined;
  warning?: string | undefined;
  /** Why it may not be changed. */
  lock?: string | undefined;
  /** Why it does not matter now. */
  grey?: string | undefined;
  /** What was last used in this project, for the help. */
  last?: string | undefined;
  /** Where the value comes from, in words. */
  origin?: string | undefined;
  /** What it goes back to; the field's own default unless a job's value is changed. */
  base?: string | undefined;
  /** Acts beside the control, as taking a value from the data. */
  children?: ComponentChildren;
}

export function Field(props: FieldProps) {
  const { field, value, error, lock, grey } = props;
  const id = `field-${field.name}`;
  const base = props.base ?? field.default;
  const other = value !== base && !(field.required && props.base === undefined);
  const soft = props.warning ?? (error ? undefined : beyond(field, value));
  const said = error ?? soft ?? lock ?? grey;
  return (
    <div class={`field${grey ? " grey" : ""}`} data-field={field.name} id={`row-${field.name}`}>
      <label class="field-label" for={id}>
        {other && <i class="field-dot" title={`not as before: ${base || "empty"}`} />}
        {field.label}
        {field.required && !value && <span class="quiet"> · needed</span>}
      </label>
      <div class="field-control">
        <Control {...props} id={id} said={said ? `${id}-said` : undefined} />
        {props.children}
      </div>
      <div class="field-acts">
        {other && !lock && (
          <button class="button bare small-button icon-only" title={`Back to ${base || "empty"}`} aria-label={`${field.label}: back to ${base || "empty"}`} onClick={() => props.onChange(base)}>
            <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 6.5h6a3.5 3.5 0 0 1 0 7H6M6 3.5l-3 3 3 3" /></svg>
          </button>
        )}
        <Help field={field} last={props.last} origin={props.origin} />
      </div>
      {said && (
        <p class={`field-said ${error ? "bad" : soft ? "soft" : "quiet"}`} id={`${id}-said`} role={error ? "alert" : undefined}>
          {said}
        </p>
      )}
    </div>
  );
}

interface ControlProps extends FieldProps {
  id: string;
  said: string | undefined;
}

function Control({ field, value, onChange, onLeave, error, lock, id, said }: ControlProps) {
  const common = { id, disabled: Boolean(lock), "aria-invalid": error ? ("true" as const) : undefined, "aria-describedby": said, onBlur: onLeave };
  if (field.kind === "slot") return <Slot id={id} kind={field.node_kind ?? ""} label={field.label} value={value} onChange={onChange} disabled={Boolean(lock)} invalid={Boolean(error)} described={said} optional={!field.required} />;
  if (field.kind === "bool")
    return (
      <label class="field-switch">
        <input {...common} type="checkbox" checked={/^(yes|true|1)$/i.test(value)} onChange={(event) => onChange(event.currentTarget.checked ? "Yes" : "No")} />
        <span class="second">{/^(yes|true|1)$/i.test(value) ? "Yes" : "No"}</span>
      </label>
    );
  if (field.kind === "choice") return <Choice {...common} choices={field.choices ?? []} value={value} onChange={onChange} />;
  const numeric = field.kind === "int" || field.kind === "float";
  const slides = numeric && field.low != null && field.high != null && !lock;
  const typed = (event: Event) => onChange((event.currentTarget as HTMLInputElement).value);
  return (
    <>
      {slides && <input type="range" class="field-slider" tabIndex={-1} aria-hidden="true" min={field.low ?? 0} max={field.high ?? 1} step={field.step ?? "any"} value={Number(value) || 0} onInput={typed} onChange={onLeave} />}
      <input {...common} class={`field-box ${numeric ? "number" : "text"}`} type="text" inputMode={numeric ? "decimal" : "text"} spellcheck={false} autocomplete="off" value={value} onInput={typed} />
      {field.unit && <span class="field-unit quiet">{field.unit}</span>}
    </>
  );
}

interface ChoiceProps {
  id: string;
  disabled: boolean;
  choices: string[];
  value: string;
  onChange: (value: string) => void;
  onBlur?: (() => void) | undefined;
}

function Choice({ choices, value, onChange, ...rest }: ChoiceProps) {
  const all = choices.includes(value) ? choices : [value, ...choices];
  return (
    <select {...rest} class="field-box field-choice" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {all.map((word) => (
        <option key={word} value={word}>{word || "none"}</option>
      ))}
    </select>
  );
}

/** What a setting means, on demand: help, limits, RELION's name, default, what was last used here. */
function Help({ field, last, origin }: { field: FormField; last: string | undefined; origin: string | undefined }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  useAway(open, box, () => setOpen(false));
  const rows: [string, string][] = [
    ["Limits", limitsOf(field)],
    ["Default", field.required ? "must be given" : field.default || "empty"],
    ["Last used here", last ?? ""],
    ["This value", origin ?? ""],
    ["RELION", (field.relion ?? []).join(", ")],
    ["Command line", field.flag ?? ""],
  ];
  return (
    <div class="field-help" ref={box}>
      <button class="button bare small-button icon-only" aria-expanded={open} aria-controls={id} aria-label={`What is ${field.label}?`} onClick={() => setOpen(!open)}>?</button>
      {open && (
        <div class="card field-card" id={id}>
          <p>{field.help}</p>
          <dl class="field-facts dense">
            {rows.filter(([, text]) => text).map(([name, text]) => [<dt class="quiet" key={name}>{name}</dt>, <dd key={`${name}-is`}>{text}</dd>])}
          </dl>
        </div>
      )}
    </div>
  );
}
