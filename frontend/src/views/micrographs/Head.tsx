// The head of curation: what is curated, how many are kept, out by range and by hand, undo, and the one act.
import { connected } from "../../api/events";
import { mayAct } from "../../app/data";
import { to } from "../../app/place";
import { Glyph } from "../../parts/Glyph";
import { Icon } from "../../parts/Icon";
import type { Curation } from "./curation";

interface HeadProps {
  curation: Curation;
  mode: string;
  job: string;
  saving: boolean;
  onSave: () => void;
}

export function Head({ curation, mode, job, saving, onSave }: HeadProps) {
  const { table, judged, draft } = curation;
  const answers = mode === "answer";
  const parts = { kept: judged.kept, out: judged.outByRange, hand: judged.outByHand + table.aside.length };
  const all = Math.max(1, parts.kept + parts.out + parts.hand);
  const number = (value: number) => value.toLocaleString("en");
  const from = table.job ? <a href={to(`job/${table.job}`)}>{table.job_title}</a> : <span class="mono cut">{table.path}</span>;
  const Title = answers ? "h1" : "h2";
  return (
    <div class="cur-head">
      {answers && <Glyph state="needs_you" size={16} />}
      <div class="cur-title">
        <Title class="cut">{answers ? "Curate micrographs" : "Micrographs"}</Title>
        <p class="dense second cut">
          {answers && `${job} · `}<span class="cut">from {from}, {number(table.total)} micrographs</span>
          {table.live && <span class="chip run" title="New micrographs are judged by the same ranges as they come">live</span>}
          {table.aside.length > 0 && <span class="cur-unread"> · {number(table.aside.length)} could not be read</span>}
        </p>
      </div>
      <div class="cur-kept">
        <div class="row" style={{ gap: 6, justifyContent: "flex-end" }} aria-live="polite">
          <b>{number(parts.kept)}</b> <span class="second">kept</span> <span class="quiet">·</span>
          <span class="second dense"><b>{number(parts.out)}</b> out by range · <b>{number(judged.byHand)}</b> by hand</span>
        </div>
        <div class="cur-share" aria-hidden="true">
          <i style={{ width: `${(100 * parts.kept) / all}%`, background: "var(--done)" }} />
          <i style={{ width: `${(100 * parts.out) / all}%`, background: "var(--line-strong)" }} />
          {parts.hand > 0 && <i style={{ flex: 1, background: "var(--fail)" }} />}
        </div>
      </div>
      <button type="button" class="button bare icon-only" title={draft.history.last ? `Undo: ${draft.history.last.title} (Ctrl Z)` : "Nothing to undo"} aria-label="Undo" disabled={!draft.history.canUndo} onClick={() => draft.undo()}><Icon name="undo" /></button>
      <button type="button" class="button" disabled={!draft.history.values.size} onClick={curation.reset}>Reset</button>
      <button type="button" class="button likely" disabled={saving || !mayAct.value || !connected.value || judged.kept === 0} title={judged.kept === 0 ? "No micrograph is kept" : !mayAct.value ? "This window may only look" : undefined} onClick={onSave}>
        {answers ? "Save" : "Save selection"} <kbd>S</kbd>
      </button>
      {(draft.fault || draft.note) && <p class="cur-fault" role="alert">{draft.fault || draft.note}</p>}
    </div>
  );
}
