// The stream of events: it goes on where it broke, notices silence, and hidden tabs hear of each topic once.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AGAIN_MS, SILENT_MS, Stream, type Said, type Source } from "./stream";
import { Tab } from "./tabs";

interface Played extends Source {
  address: string;
  beat: () => void;
  closed: boolean;
}

function play() {
  const made: Played[] = [];
  const said: Said[] = [];
  const stream = new Stream("/events", (one) => said.push(one), (address) => {
    const source: Played = {
      address, closed: false, onopen: null, onerror: null, onmessage: null, beat: () => undefined,
      addEventListener: (_type, listener) => (source.beat = listener),
      close: () => (source.closed = true),
    };
    made.push(source);
    return source;
  });
  stream.begin();
  const message = (id: string, body: object) => made.at(-1)!.onmessage!({ data: JSON.stringify(body), lastEventId: id });
  return { made, said, message, stream };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a broken stream goes on after the last event that was heard", () => {
  const { made, said, message } = play();
  message("a-0", { topic: "hello", resumed: false });
  message("a-3", { topic: "jobs" });
  made[0]!.onerror!();
  expect(made[0]!.closed).toBe(true);
  expect(said.at(-1)).toHaveProperty("again_at");
  vi.advanceTimersByTime(AGAIN_MS);
  expect(made[1]!.address).toBe("/events?since=a-3");
  message("a-3", { topic: "hello", resumed: true });
  expect(said.filter((one) => "change" in one)).toEqual([{ change: { topic: "jobs" } }]);
});

test("a server that does not know the last event lets everything be asked for again", () => {
  const { made, said, message } = play();
  message("a-0", { topic: "hello", resumed: false });
  made[0]!.onerror!();
  vi.advanceTimersByTime(AGAIN_MS);
  message("b-0", { topic: "hello", resumed: false });
  expect(said.at(-1)).toEqual({ change: { topic: "*" } });
});

test("silence for longer than the beat is a broken connection", () => {
  const { made } = play();
  vi.advanceTimersByTime(SILENT_MS - 1);
  made[0]!.beat();
  vi.advanceTimersByTime(SILENT_MS - 1);
  expect(made[0]!.closed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(made[0]!.closed).toBe(true);
});

test("a hidden tab hears of each topic once, when it is seen again; of the jobs at once", () => {
  const heard: Said[] = [];
  const tab = new Tab((said) => heard.push(said));
  tab.show(false);
  for (const topic of ["log:001", "log:001", "jobs"]) tab.tell({ change: { topic } });
  expect(heard).toEqual([{ change: { topic: "jobs" } }]);
  tab.show(true);
  expect(heard.at(-1)).toEqual({ change: { topic: "log:001" } });
  expect(heard.length).toBe(2);
});
