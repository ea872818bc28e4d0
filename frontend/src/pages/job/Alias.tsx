// The name of a job at the head of its page, changed in place: Enter keeps it, Escape leaves it.
import { useEffect, useRef, useState } from "preact/hooks";
import { mayAct } from "../../app/data";
import { Icon } from "../../parts/Icon";
import { aliasFault } from "./aliasRules";
import { aliasJob } from "./jobActs";

interface AliasProps {
  number: string;
  alias: string;
  title: string;
  struck: boolean;
  /** Grows when a menu asks for the name to be changed. */
  asked: number;
}

export function Alias({ number, alias, title, struck, asked }: AliasProps) {
  const [text, setText] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const editing = text !== undefined;
  const fault = text === undefined ? "" : aliasFault(text);
  useEffect(() => void (asked && setText(alias)), [asked]);
  useEffect(() => {
    if (editing) input.current?.select();
  }, [editing]);
  async function keep(): Promise<void> {
    if (text === undefined || text.trim() === alias) return leave();
    if (fault) return input.current?.focus();
    if (await aliasJob(number, text)) leave();
    else input.current?.focus();
  }
  function leave(): void {
    setText(undefined);
    button.current?.focus();
  }
  return (
    <div class="job-title-row">
      <h1 class={`cut ${struck ? "struck" : ""} ${editing ? "hidden-text" : ""}`} title={title}>{title}</h1>
      {editing ? (
        <form class="row" onSubmit={(event) => { event.preventDefault(); void keep(); }}>
          <label class="hidden-text" for="job-alias">Name of this job; empty takes it away</label>
          <input id="job-alias" ref={input} class="field-box job-alias" value={text} maxLength={240} placeholder={title} autocomplete="off" spellcheck={false} aria-invalid={fault ? true : undefined} aria-describedby={fault ? "job-alias-fault" : undefined}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Escape") return;
              event.stopPropagation();
              leave();
            }} />
          <button class="button small-button" type="submit" disabled={Boolean(fault)}>Keep</button>
          <button class="button small-button bare" type="button" onClick={leave}>Leave</button>
          {fault && <span id="job-alias-fault" role="alert" class="small state-fail">{fault}</span>}
        </form>
      ) : mayAct.value && (
        <button ref={button} type="button" class="button small-button bare icon-only" aria-label="Change the name of this job" title="Change the name" onClick={() => setText(alias)}><Icon name="edit" /></button>
      )}
    </div>
  );
}
