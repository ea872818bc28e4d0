// Keeps an answer in the making on the server: loaded once, saved half a second after each stroke, merged with other browsers.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, Problem, type Schema, address } from "../api/client";
import { onTopics } from "../api/events";
import { History, type Json, type Step } from "./history";

const SAVE_AFTER_MS = 500;
const AGAIN_AFTER_MS = 4000;

/** This browser's word, by which its own history is found again. */
function browser(): string {
  const key = "vitreous.browser";
  let word = localStorage.getItem(key);
  if (!word) localStorage.setItem(key, (word = crypto.randomUUID()));
  return word;
}

export interface Draft {
  history: History;
  /** The draft has been read; before that nothing should be changed. */
  ready: boolean;
  /** Grows with every change, own or of others. */
  round: number;
  /** "" or why the last changes are not kept yet. */
  fault: string;
  /** What another browser has changed under our hands, until the next stroke. */
  note: string;
  /** Make a step and keep it; pull: see History. */
  do: (title: string, changes: Record<string, Json> | Map<string, Json>, pull?: string) => void;
  undo: () => Step | undefined;
  redo: () => Step | undefined;
  /** Keep at once what is not kept yet, before an answer is made of it. Fails where others have changed it meanwhile, or it was
   * never read: what would be answered is then not what was seen. */
  flush: () => Promise<void>;
}

/** The draft of a job's answer; `of` is the page's word, such as "picks". job "" keeps nothing. */
export function useDraft(job: string, of: string): Draft {
  const [round, setRound] = useState(0);
  const [ready, setReady] = useState(false);
  const [fault, setFault] = useState("");
  const [note, setNote] = useState("");
  const keeper = useRef<Keeper>();
  useEffect(() => {
    setReady(false);
    const one = new Keeper(job, of, { changed: () => setRound((n) => n + 1), fault: setFault, note: setNote, ready: () => setReady(true) });
    keeper.current = one;
    return () => one.close();
  }, [job, of]);
  const empty = useRef(new History());
  const history = keeper.current?.history ?? empty.current;
  const stroke = <T>(act: () => T): T => {
    const said = act();
    setNote("");
    setRound((n) => n + 1);
    keeper.current?.later();
    return said;
  };
  return {
    history,
    ready,
    round,
    fault,
    note,
    do: (title, changes, pull) => void stroke(() => history.do(title, changes, pull)),
    undo: () => stroke(() => history.undo()),
    redo: () => stroke(() => history.redo()),
    flush: () => keeper.current?.settle() ?? Promise.resolve(),
  };
}

interface Told {
  changed: () => void;
  fault: (said: string) => void;
  note: (said: string) => void;
  ready: () => void;
}

/** One draft while a page shows it. */
class Keeper {
  readonly history = new History();
  private rev = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private underWay: Promise<void> | undefined;
  private loaded = false;
  private over = false;
  /** Why the draft could not be read. */
  private unread = "";
  /** How often changes of others came. */
  private foreign = 0;
  private readonly stop: () => void;
  private readonly leaving = () => void (this.timer && this.save(true));

  constructor(
    private readonly job: string,
    private readonly of: string,
    private readonly told: Told,
  ) {
    this.stop = job ? onTopics([`draft:${job}`], () => void this.look()) : () => undefined;
    addEventListener("pagehide", this.leaving);
    void this.load();
  }

  close(): void {
    this.leaving();
    this.over = true;
    this.stop();
    removeEventListener("pagehide", this.leaving);
  }

  later(): void {
    if (!this.job) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), SAVE_AFTER_MS);
  }

  /** Send what is not kept yet; `leaving`: the page goes, so that nobody waits for the answer. */
  async save(leaving = false): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.underWay;
    const said = this.loaded && this.job ? this.history.unsavedChanges() : undefined;
    if (!said) return;
    this.underWay = this.send(said, leaving);
    await this.underWay;
    this.underWay = undefined;
  }

  /** Keep what is not kept yet and look for what others have done; rejects where that is not what the page has shown. */
  async settle(): Promise<void> {
    if (!this.job) return;
    const before = this.foreign;
    await this.save();
    await this.look();
    if (this.unread) throw new Error(`What was chosen before could not be read, so nothing is saved: ${this.unread}`);
    if (this.foreign !== before) throw new Error("Another window has changed this meanwhile. Look at it again, then save.");
  }

  /** Take what others have changed. */
  private take(others: Record<string, Json>): void {
    if (Object.keys(others).length) this.foreign++;
    this.history.take(others);
  }

  private where(): string {
    return address(`jobs/${this.job}/draft`, { of: this.of, who: browser() });
  }

  private async send(said: NonNullable<ReturnType<History["unsavedChanges"]>>, leaving: boolean): Promise<void> {
    try {
      const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID(), "X-Vitreous": "1" };
      const body = JSON.stringify({ rev: this.rev, ...said });
      const answer = await fetch(this.where(), { method: "PUT", headers, body, keepalive: leaving && body.length < 60_000 });
      const found = (await answer.json()) as Schema<"DraftConflict">;
      if (answer.status === 409) {
        this.rev = found.rev;
        this.take(found.others as Record<string, Json>);
        const rest = Object.fromEntries(Object.entries(said.ops).filter(([key]) => !(key in found.others)));
        this.history.notSaved(rest, said.state.first);
        this.told.note(`${found.sentence}: theirs stand.`);
        this.later();
      } else if (!answer.ok) throw new Problem(answer.status, found.sentence);
      else {
        this.rev = found.rev;
        this.take(found.others as Record<string, Json>);
      }
      if (!this.over) this.told.fault("");
    } catch (error) {
      this.history.notSaved(said.ops, said.state.first);
      if (this.over) return;
      this.told.fault(error instanceof Problem ? error.message : "The server does not answer; your strokes are kept here meanwhile.");
      if (!(error instanceof Problem)) this.timer = setTimeout(() => void this.save(), AGAIN_AFTER_MS);
    }
    if (!this.over) this.told.changed();
  }

  private async load(): Promise<void> {
    if (this.job)
      try {
        const found = await get<Schema<"Draft">>(`jobs/${this.job}/draft`, { of: this.of, who: browser() });
        if (this.over) return;
        this.rev = found.rev;
        this.history.load(found.entries as Record<string, Json>, found.state.steps as unknown as Step[], found.state.at);
      } catch (error) {
        if (this.over) return;
        this.unread = error instanceof Error ? error.message : String(error);
        this.told.fault(this.unread);
      }
    this.loaded = true;
    this.told.ready();
    this.told.changed();
  }

  /** Another browser, or this one, has changed the draft: what is newer than ours is taken. */
  private async look(): Promise<void> {
    if (!this.loaded || this.underWay || this.over) return;
    const found = await get<Schema<"Draft">>(`jobs/${this.job}/draft`, { of: this.of, who: browser() }).catch(() => undefined);
    if (found) this.unread = "";
    if (!found || found.rev <= this.rev || this.timer || this.over) return;
    this.rev = found.rev;
    const gone = [...this.history.values.keys()].filter((key) => !(key in found.entries));
    this.take({ ...(found.entries as Record<string, Json>), ...Object.fromEntries(gone.map((key) => [key, null])) });
    this.told.changed();
  }
}
