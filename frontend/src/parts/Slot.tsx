// A slot of a form: it offers the project's outputs of a fitting kind, newest first; typing filters, a file from outside comes last.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { type Schema, useResource } from "../api/client";
import { about, ago, where } from "./slotWords";
import { hasPicture, SlotPicture } from "./SlotPicture";
import "./slot.css";

type Offer = Schema<"Offer">;

export interface SlotProps {
  id: string;
  /** A kind of result: "particles", "map". */
  kind: string;
  label: string;
  value: string;
  onChange: (path: string) => void;
  disabled?: boolean;
  invalid?: boolean;
  described?: string | undefined;
  /** Whether it may be empty. */
  optional?: boolean;
}

export function Slot(props: SlotProps) {
  const { id, kind, value, disabled, optional } = props;
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const found = useResource<Schema<"Offers">>(kind ? "slots" : "", { kind }, ["jobs"]);
  const offer = found.data?.offers.find((one) => one.path === value);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, [open]);
  const take = (path: string) => {
    setOpen(false);
    props.onChange(path);
    document.getElementById(id)?.focus();
  };
  const dropped = (event: DragEvent) => {
    const path = event.dataTransfer?.getData("text/plain").trim();
    if (!path || disabled) return;
    event.preventDefault();
    props.onChange(path);
  };
  return (
    <div class="slot" ref={box} onDragOver={(event) => event.preventDefault()} onDrop={dropped}>
      <button id={id} type="button" class="field-box slot-button" disabled={disabled} aria-haspopup="listbox" aria-expanded={open} aria-invalid={props.invalid ? "true" : undefined} aria-describedby={props.described} onClick={() => setOpen(!open)}>
        <SlotValue offer={offer} value={value} optional={optional ?? false} />
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="m4.5 6.5 3.5 3.5 3.5-3.5" /></svg>
      </button>
      {value && optional && !disabled && (
        <button class="button bare small-button icon-only" aria-label={`${props.label}: leave empty`} title="Leave empty" onClick={() => take("")}>
          <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="m4.5 4.5 7 7m0-7-7 7" /></svg>
        </button>
      )}
      {open && <Chooser {...props} offers={found.data?.offers ?? []} waiting={!found.data && !found.problem} problem={found.problem?.message} take={take} close={() => setOpen(false)} />}
    </div>
  );
}

function SlotValue({ offer, value, optional }: { offer: Offer | undefined; value: string; optional: boolean }) {
  if (!value) return <span class="quiet grow cut">{optional ? "none" : "choose an output"}</span>;
  if (!offer) return <span class="grow cut" title={value}>{value}</span>;
  return (
    <span class="grow slot-value" title={value}>
      {hasPicture(offer) && <SlotPicture offer={offer} />}
      <span class="cut slot-path">{where(offer)}</span>
      <span class="quiet cut">{about(offer)}</span>
    </span>
  );
}

interface ChooserProps extends SlotProps {
  offers: Offer[];
  waiting: boolean;
  problem: string | undefined;
  take: (path: string) => void;
  close: () => void;
}

function Chooser({ id, label, kind, value, offers, waiting, problem, take, close }: ChooserProps) {
  const [asked, setAsked] = useState("");
  const [at, setAt] = useState(Math.max(0, offers.findIndex((one) => one.path === value)));
  const list = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = offers.filter((one) => words.every((word) => `${one.path} ${one.alias} ${one.name}`.toLowerCase().includes(word))).slice(0, 60);
  const outside = asked.trim();
  const last = shown.length + (outside ? 1 : 0) - 1;
  const chosen = Math.min(at, Math.max(0, last));
  const pick = (index: number) => take(index < shown.length ? (shown[index]?.path ?? "") : outside);
  const key = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(last, chosen + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, chosen - 1));
    else if (event.key === "Enter" && last >= 0) pick(chosen);
    else if (event.key === "Escape") {
      close();
      document.getElementById(id)?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  useEffect(() => document.getElementById(`${list}-${chosen}`)?.scrollIntoView({ block: "nearest" }), [chosen]);
  return (
    <div class="card slot-panel">
      <input ref={input} class="field-box slot-filter" role="combobox" aria-expanded="true" aria-controls={list} aria-activedescendant={last >= 0 ? `${list}-${chosen}` : undefined} aria-label={`${label}: filter, or the path of another file`} placeholder="Filter, or the path of another file" value={asked} onInput={(event) => { setAsked(event.currentTarget.value); setAt(0); }} onKeyDown={key} />
      <ul id={list} role="listbox" aria-label={`Outputs that fit ${label}`} class="slot-list">
        {shown.map((one, index) => (
          <li key={one.path} id={`${list}-${index}`} role="option" aria-selected={one.path === value} class={`slot-offer${index === chosen ? " at" : ""}`} onPointerMove={() => setAt(index)} onClick={() => take(one.path)}>
            {hasPicture(one) ? <SlotPicture offer={one} /> : <span class="slot-picture" />}
            <span class="cut strong">{where(one)}</span>
            <span class="quiet slot-when">{ago(one.when ?? 0)}</span>
            <span class="second cut dense">{about(one) || kind}</span>
            <span class="quiet mono cut slot-file" title={one.path}>{one.path}</span>
          </li>
        ))}
        {outside && (
          <li id={`${list}-${shown.length}`} role="option" aria-selected={false} class={`slot-offer${shown.length === chosen ? " at" : ""}`} onPointerMove={() => setAt(shown.length)} onClick={() => take(outside)}>
            <span class="slot-picture none" />
            <span class="cut">Use the file <span class="mono">{outside}</span></span>
          </li>
        )}
      </ul>
      {!shown.length && <p class="quiet slot-none">{problem ?? (waiting ? "Looking…" : words.length ? "No output of this kind holds these words." : `No job has made ${kind.replace(".", " ")} yet. Type the path of a file from outside.`)}</p>}
    </div>
  );
}
