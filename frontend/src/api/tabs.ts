// One tab as the stream sees it: while it is hidden, changes are kept for it, each topic once, and told when it is seen again.
import type { Change, Said } from "./stream";

/** What a tab says to the worker: that it is there, and seen or not; that it goes. */
export type FromTab = { is: "here"; address: string; seen: boolean } | { is: "shown"; seen: boolean } | { is: "gone" };

/** Told to hidden tabs too: the list of jobs makes the number in a tab's title. */
const ALWAYS = new Set(["jobs", "bye"]);

export class Tab {
  private seen = true;
  private readonly missed = new Map<string, Change>();

  constructor(private readonly send: (said: Said) => void) {}

  tell(said: Said): void {
    if ("change" in said && !this.seen && !ALWAYS.has(said.change.topic)) this.missed.set(said.change.topic, said.change);
    else this.send(said);
  }

  show(seen: boolean): void {
    this.seen = seen;
    if (!seen) return;
    for (const change of this.missed.values()) this.send({ change });
    this.missed.clear();
  }
}
