// The stream of events itself, without tabs: it connects, notices silence, and tries again. Runs in the shared worker, or in
// a tab where the browser has none. Events come with ids, so that a new connection goes on where the old one broke.

export interface Change {
  topic: string;
  job?: string;
  path?: string;
}

/** What the stream says: a change; that it stands; that it is broken and tried again at a time (ms since 1970). */
export type Said = { change: Change } | { stands: true } | { again_at: number };

/** The part of EventSource that is used, so that tests can play it. */
export interface Source {
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  onmessage: ((event: { data: string; lastEventId: string }) => void) | null;
  addEventListener: (type: string, listener: () => void) => void;
  close: () => void;
}

export const AGAIN_MS = 4000;
/** The server beats every 15 s; a connection that is silent for longer than this is dead, as behind a broken tunnel. */
export const SILENT_MS = 40_000;

/** Everything may have changed: the stream could not go on where it was. */
export const EVERYTHING = "*";

export class Stream {
  private source: Source | undefined;
  private last = "";
  private watch: ReturnType<typeof setTimeout> | undefined;
  private state: Said = { stands: true };

  constructor(
    private readonly address: string,
    private readonly say: (said: Said) => void,
    private readonly make: (address: string) => Source,
  ) {}

  /** How the connection stands now, for a tab that comes later. */
  get now(): Said {
    return this.state;
  }

  begin(): void {
    const source = this.make(this.last ? `${this.address}?since=${encodeURIComponent(this.last)}` : this.address);
    this.source = source;
    source.onopen = () => this.tell({ stands: true });
    source.onerror = () => this.broken();
    source.onmessage = (event) => this.heard(event.data, event.lastEventId);
    source.addEventListener("beat", () => this.alive());
    this.alive();
  }

  end(): void {
    clearTimeout(this.watch);
    this.source?.close();
    this.source = undefined;
  }

  private tell(said: Said): void {
    this.state = said;
    this.say(said);
  }

  private heard(data: string, id: string): void {
    this.alive();
    const again = this.last !== "";
    if (id) this.last = id;
    const change = JSON.parse(data) as Change & { resumed?: boolean };
    if (change.topic !== "hello") this.say({ change });
    else if (again && !change.resumed) this.say({ change: { topic: EVERYTHING } });
  }

  private alive(): void {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.broken(), SILENT_MS);
  }

  private broken(): void {
    this.end();
    this.tell({ again_at: Date.now() + AGAIN_MS });
    this.watch = setTimeout(() => this.begin(), AGAIN_MS);
  }
}
