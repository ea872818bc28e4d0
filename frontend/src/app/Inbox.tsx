// What happened while the user looked elsewhere: questions, failures, ends; the bell counts what was not read.
import { useRef, useState } from "preact/hooks";
import { useAway } from "../parts/away";
import { Glyph } from "../parts/Glyph";
import { Icon } from "../parts/Icon";
import { jobs, type JobRow } from "./data";
import { markRead, readMarks } from "./folds";
import { markOf, needsYou } from "./groups";
import { pageOf } from "./JobItem";
import { when } from "./words";

const DAY_S = 86400;

/** The jobs that are news, those that need the user first. */
export function news(all: JobRow[], now_s: number): JobRow[] {
  const asks = all.filter((job) => job.state === "needs_you" || job.state === "silent");
  const ended = all.filter((job) => ["finished", "failed", "aborted"].includes(job.state) && now_s - job.ended < DAY_S);
  return [...asks, ...ended.sort((a, b) => b.ended - a.ended)].slice(0, 40);
}

/** How many jobs wait for the user. */
export function waiting(): number {
  const now = Date.now() / 1000;
  return (jobs.value ?? []).filter((job) => needsYou(job, readMarks.value, now)).length;
}

export function Inbox() {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const found = news(jobs.value ?? [], Date.now() / 1000);
  const unread = found.filter((job) => !readMarks.value.has(markOf(job)));
  const count = waiting();
  useAway(open, box, () => setOpen(false));
  return (
    <div class="frame-inbox" ref={box}>
      <button type="button" class="button bare icon-only" aria-expanded={open} aria-haspopup="true" aria-label={count ? `Inbox: ${count} ${count === 1 ? "needs" : "need"} you` : `Inbox: ${unread.length} not read`} title="Inbox" onClick={() => setOpen(!open)}>
        <Icon name="bell" />
        {count > 0 ? <span class="frame-inbox-count">{count}</span> : unread.length > 0 && <span class="frame-inbox-dot" />}
      </button>
      {open && (
        <section class="frame-inbox-list" aria-label="Inbox">
          <div class="row frame-inbox-head"><h2 class="grow">Inbox</h2>
            {unread.length > 0 && <button type="button" class="button small-button bare" onClick={() => markRead(...found.map(markOf))}>Mark all read</button>}
          </div>
          {!found.length && <p class="frame-list-note">Nothing happened in the last day. Questions, failures and ends of jobs stand here.</p>}
          {found.map((job) => (
            <a key={markOf(job)} href={pageOf(job)} class={`frame-news${readMarks.value.has(markOf(job)) ? "" : " unread"}`} onClick={() => { markRead(markOf(job)); setOpen(false); }}>
              <Glyph state={job.state} />
              <span class="cut grow"><b>{job.title}</b> <span class="quiet">job{job.number}</span>{job.sentence && <span class="frame-news-why cut">{job.sentence}</span>}</span>
              <span class="small quiet">{job.key || when(job.ended)}</span>
            </a>
          ))}
        </section>
      )}
    </div>
  );
}
