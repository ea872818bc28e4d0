// What has changed on the server, as it happens: one stream for all tabs of this browser, whose events name a topic; pages ask
// again for what they show. Without a connection the page says so, and the stream tries again by itself.
import { computed, signal } from "@preact/signals";
import { projectName, root } from "../app/place";
import { EVERYTHING, Stream, type Change, type Said, type Source } from "./stream";
import { Tab, type FromTab } from "./tabs";

export type { Change } from "./stream";

/** Whether the stream stands; without it the page says so, and acts are greyed. */
export const connected = signal(true);
/** Whether the server said that it stops. */
export const stopped = signal(false);
const againAt = signal(0);
const now = signal(Date.now());
/** Seconds until the next try, while there is no connection. */
const againIn_s = computed(() => Math.max(0, Math.ceil((againAt.value - now.value) / 1000)));
/** The sentence for the bar on top; empty while all is well. */
export const troubled = computed(() =>
  connected.value
    ? ""
    : `${stopped.value ? "The window was closed on the server" : "Not connected"}. Jobs run on. Trying again${againIn_s.value ? ` in ${againIn_s.value} s` : ""}`,
);

const listeners = new Map<string, Set<(change: Change) => void>>();
let ticking: ReturnType<typeof setInterval> | undefined;
let begun = false;

function heard(said: Said): void {
  if ("change" in said) return spread(said.change);
  connected.value = "stands" in said;
  if ("stands" in said) {
    stopped.value = false;
    clearInterval(ticking);
    ticking = undefined;
  } else {
    againAt.value = said.again_at;
    now.value = Date.now();
    ticking ??= setInterval(() => (now.value = Date.now()), 500);
  }
}

function spread(change: Change): void {
  if (change.topic === "bye") stopped.value = true;
  if (change.topic === EVERYTHING) {
    const all = new Set([...listeners.values()].flatMap((some) => [...some]));
    all.forEach((listener) => listener(change));
    return;
  }
  for (const listener of [...(listeners.get(change.topic) ?? [])]) listener(change);
}

function begin(): void {
  begun = true;
  const shared = /^\/s\/[^/]+/.exec(root.value)?.[0] ?? "";
  const address = `${shared}/api/p/${projectName.value}/events`;
  const seen = () => document.visibilityState === "visible";
  const tell = typeof SharedWorker === "undefined" ? alone(address) : together();
  document.addEventListener("visibilitychange", () => tell({ is: "shown", seen: seen() }));
  window.addEventListener("pagehide", () => tell({ is: "gone" }));
  window.addEventListener("pageshow", (event) => event.persisted && tell({ is: "here", address, seen: seen() }));
  tell({ is: "here", address, seen: seen() });
}

/** The stream in the worker that all tabs share. */
function together(): (said: FromTab) => void {
  const worker = new SharedWorker(new URL("./stream.worker.ts", import.meta.url), { type: "module", name: "vitreous events" });
  worker.port.onmessage = (event: MessageEvent<Said>) => heard(event.data);
  return (said) => worker.port.postMessage(said);
}

/** A stream of this tab's own, where the browser shares no workers. */
function alone(address: string): (said: FromTab) => void {
  const tab = new Tab(heard);
  const stream = new Stream(address, (said) => tab.tell(said), (from) => new EventSource(from) as unknown as Source);
  return (said) => {
    if (said.is === "gone") return stream.end();
    if (said.is === "here") stream.begin();
    tab.show(said.seen);
  };
}

/** Call `then` when something of one of these topics has changed ("jobs", "job:014"); gives the way to stop. */
export function onTopics(topics: string[], then: (change: Change) => void): () => void {
  if (!begun && projectName.value) begin();
  for (const topic of topics) {
    if (!listeners.has(topic)) listeners.set(topic, new Set());
    listeners.get(topic)!.add(then);
  }
  return () => topics.forEach((topic) => listeners.get(topic)?.delete(then));
}
