// The page's side of the worker: asks for surfaces; of several that were asked for one name, only the last is made.
import type { Colouring } from "./colours";
import type { Grid } from "./grid";
import type { Made, Order } from "./mesher";

export interface Wanted {
  key: string;
  byte: number;
  turned: boolean;
  /** Show small loose pieces too. */
  dust: boolean;
  colouring: Colouring;
  colourKey: string;
}

export class Meshes {
  private worker = new Worker(new URL("./mesher.ts", import.meta.url), { type: "module" });
  private waiting = new Map<string, { wanted: Wanted; then: (made: Made) => void }>();
  private busy: { name: string; ticket: number; then: (made: Made) => void } | null = null;
  private tickets = 0;
  private held = new Set<string>();

  constructor() {
    this.worker.onmessage = (event: MessageEvent<Made>) => {
      const done = this.busy;
      this.busy = null;
      if (done && done.ticket === event.data.ticket) done.then(event.data);
      this.next();
    };
  }

  has(key: string): boolean {
    return this.held.has(key);
  }

  /** Give the worker a grid. The page keeps its own copy, for slices and for what lies under the pointer. */
  hold(key: string, grid: Grid): void {
    this.held.add(key);
    this.send({ kind: "grid", key, grid });
  }

  drop(key: string): void {
    if (this.held.delete(key)) this.send({ kind: "drop", key });
  }

  /** Ask for a surface; `name` is who asks, whose earlier wish is forgotten. */
  make(name: string, wanted: Wanted, then: (made: Made) => void): void {
    this.waiting.set(name, { wanted, then });
    this.next();
  }

  forget(name: string): void {
    this.waiting.delete(name);
  }

  close(): void {
    this.worker.terminate();
  }

  private next(): void {
    const first = this.waiting.entries().next();
    if (this.busy || first.done) return;
    const [name, { wanted, then }] = first.value;
    this.waiting.delete(name);
    this.busy = { name, ticket: ++this.tickets, then };
    this.send({ kind: "mesh", ticket: this.tickets, ...wanted });
  }

  private send(order: Order): void {
    this.worker.postMessage(order);
  }
}
