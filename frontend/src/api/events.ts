// What has changed on the server, as it happens: one stream, whose events name a topic; pages ask again for what they show.
import { signal } from "@preact/signals";
import { projectName, root } from "../app/place";

export interface Change {
  topic: string;
  job?: string;
  path?: string;
}

/** Whether the stream stands; without it the page says so, and tries again. */
export const connected = signal(true);

const listeners = new Map<string, Set<(change: Change) => void>>();
let stream: EventSource | undefined;

function begin(): void {
  const shared = /^\/s\/[^/]+/.exec(root.value)?.[0] ?? "";
  stream = new EventSource(`${shared}/api/p/${projectName.value}/events`);
  stream.onopen = () => (connected.value = true);
  stream.onerror = () => (connected.value = false);
  stream.onmessage = (event) => {
    const change = JSON.parse(String(event.data)) as Change;
    for (const listener of listeners.get(change.topic) ?? []) listener(change);
  };
}

/** Call `then` when something of one of these topics has changed ("jobs", "job:014"); gives the way to stop. */
export function onTopics(topics: string[], then: (change: Change) => void): () => void {
  if (!stream && projectName.value) begin();
  for (const topic of topics) {
    if (!listeners.has(topic)) listeners.set(topic, new Set());
    listeners.get(topic)!.add(then);
  }
  return () => topics.forEach((topic) => listeners.get(topic)?.delete(then));
}
