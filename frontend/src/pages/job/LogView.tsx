// One stream of a log: only the lines in sight are in the page, fetched in windows; follows the end until the user scrolls away.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { get, type Schema } from "../../api/client";
import { onTopics } from "../../api/events";
import { whole } from "../../app/words";
import { runsOf } from "./ansi";

const LINE = 18;
const WINDOW = 500;
const MORE = 40;
const TALLEST = 8_000_000; // px that a browser draws safely; a longer log is scrolled in larger steps

interface LogViewProps {
  job: string;
  stream: "out" | "err";
  /** A line to show, with a count that grows at each wish. */
  seek?: { line: number; wish: number } | undefined;
  /** Lines that were found, to be marked. */
  found?: ReadonlySet<number> | undefined;
  onPart?: (part: Schema<"LogPart">) => void;
  label: string;
}

export function LogView({ job, stream, seek, found, onPart, label }: LogViewProps) {
  const [total, setTotal] = useState<number>();
  const [windows, setWindows] = useState<ReadonlyMap<number, string[]>>(new Map());
  const [view, setView] = useState({ top: 0, height: 400 });
  const [following, setFollowing] = useState(true);
  const [problem, setProblem] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const asked = useRef(new Set<number>());

  async function fetchPart(number: number): Promise<void> {
    if (asked.current.has(number)) return;
    asked.current.add(number);
    try {
      const part = await get<Schema<"LogPart">>(`jobs/${job}/log`, { stream, from: number < 0 ? -WINDOW : number * WINDOW, lines: WINDOW });
      setTotal(part.total);
      onPart?.(part);
      if (number < 0) {
        const last = Math.max(0, Math.ceil(part.total / WINDOW) - 1);
        if (part.complete) setWindows((old) => new Map(old).set(0, part.lines));
        else await Promise.all([fetchPart(last), last > 0 ? fetchPart(last - 1) : undefined]);
      } else setWindows((old) => new Map(old).set(number, part.lines));
      setProblem("");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      asked.current.delete(number);
    }
  }
  useEffect(() => {
    setWindows(new Map());
    setTotal(undefined);
    setFollowing(true);
    void fetchPart(-1);
    return onTopics([`log:${job}`, `job:${job}`], () => void fetchPart(-1));
  }, [job, stream]);

  const lines = total ?? 0;
  const height = lines * LINE;
  const scale = height > TALLEST ? (height - view.height) / (TALLEST - view.height) : 1;
  const first = Math.max(0, Math.floor((view.top * scale) / LINE) - MORE);
  const behind = Math.min(lines, Math.ceil((view.top * scale + view.height) / LINE) + MORE);
  useEffect(() => {
    for (let number = Math.floor(first / WINDOW); number * WINDOW < behind; number++) if (!windows.has(number)) void fetchPart(number);
  }, [first, behind, windows]);
  useLayoutEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [following, lines, windows]);
  useEffect(() => {
    if (!seek || !box.current) return;
    setFollowing(false);
    box.current.scrollTop = Math.max(0, (seek.line * LINE) / scale - box.current.clientHeight / 3);
  }, [seek?.wish, total === undefined]);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setView((old) => ({ ...old, height: element.clientHeight })));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  const rows = [];
  for (let line = first; line < behind; line++) {
    const text = windows.get(Math.floor(line / WINDOW))?.[line % WINDOW];
    rows.push(
      <div key={line} class={`log-line ${line === seek?.line ? "log-sought" : ""} ${found?.has(line) ? "log-found" : ""}`} data-line={line}
        style={{ top: (line * LINE - view.top * scale) + view.top }}>
        <span class="log-number" aria-hidden="true">{line + 1}</span>
        {text === undefined ? <span class="quiet">…</span> : runsOf(text).map((run, at) => <span key={at} class={run.class}>{run.text}</span>)}
      </div>,
    );
  }
  return (
    <div class={`log-stream log-${stream}`}>
      {problem && <p class="log-word" role="alert">{problem}</p>}
      <div ref={box} class="log-box mono" role="log" aria-live="off" aria-label={label} tabIndex={0}
        onScroll={(event) => {
          const element = event.currentTarget;
          setView({ top: element.scrollTop, height: element.clientHeight });
          setFollowing(element.scrollTop + element.clientHeight >= element.scrollHeight - LINE);
        }}>
        <div class="log-sheet" style={{ height: Math.min(height, TALLEST) }}>{rows}</div>
      </div>
      {!following && lines > 0 && (
        <button type="button" class="button small-button log-follow" onClick={() => setFollowing(true)}>Follow the end, {whole(lines)} lines</button>
      )}
    </div>
  );
}
