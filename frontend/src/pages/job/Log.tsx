// The log of a job: the output stream, the error stream below it, a search through both, the whole text to keep.
import { useEffect, useRef, useState } from "preact/hooks";
import { address, get, type Schema } from "../../api/client";
import { onTopics } from "../../api/events";
import { say, sayError } from "../../app/toasts";
import { whole } from "../../app/words";
import { Icon } from "../../parts/Icon";
import { Empty } from "../../parts/messages";
import { LogView } from "./LogView";
import { plainOf } from "./ansi";
import "./log.css";

type Stream = "out" | "err";
interface Found {
  stream: Stream;
  line: number;
}

export function Log({ job, folder }: { job: string; folder: boolean }) {
  const [parts, setParts] = useState<Partial<Record<Stream, Schema<"LogPart">>>>({});
  const [text, setText] = useState("");
  const [found, setFound] = useState<Found[]>([]);
  const [at, setAt] = useState(-1);
  const [seek, setSeek] = useState<Partial<Record<Stream, { line: number; wish: number }>>>({});
  const wish = useRef(0);
  useEffect(() => {
    setParts({});
    setFound([]);
    const look = (): void => void get<Schema<"LogPart">>(`jobs/${job}/log`, { stream: "err", from: 0, lines: 1 }).then((err) => setParts((old) => ({ ...old, err })), () => undefined);
    look();
    return onTopics([`log:${job}`, `job:${job}`], look);
  }, [job]);
  useEffect(() => {
    if (!text.trim()) return setFound([]);
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const ask = (stream: Stream) => get<number[]>(`jobs/${job}/log/find`, { q: text, stream }, stop.signal).then((lines) => lines.map((line) => ({ stream, line })));
      Promise.all([ask("out"), ask("err")]).then(
        ([out, err]) => {
          setFound([...out, ...err]);
          show(out[0] ?? err[0]);
          setAt(out.length + err.length ? 0 : -1);
        },
        (error: unknown) => stop.signal.aborted || sayError(error),
      );
    }, 200);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, job]);
  function show(one: Found | undefined): void {
    if (one) setSeek((old) => ({ ...old, [one.stream]: { line: one.line, wish: ++wish.current } }));
  }
  function step(by: number): void {
    if (!found.length) return;
    const next = (at + by + found.length) % found.length;
    setAt(next);
    show(found[next]);
  }
  async function copy(): Promise<void> {
    try {
      const answer = await fetch(address(`jobs/${job}/log/text`, { stream: "out" }));
      const said = (await answer.text()).split("\n").map(plainOf).join("\n");
      await navigator.clipboard.writeText(said);
      say("The output was copied");
    } catch {
      sayError("The browser did not let the text be copied; download it instead.");
    }
  }
  const error: Found | undefined = parts.err?.total ? { stream: "err", line: parts.err.first_error ?? 0 } : parts.out?.first_error != null ? { stream: "out", line: parts.out.first_error } : undefined;
  const marks = (stream: Stream): Set<number> => new Set(found.filter((one) => one.stream === stream).map((one) => one.line));
  const nothing = parts.out && !parts.out.total && !parts.err?.total;
  return (
    <div class={`log ${nothing ? "log-nothing" : ""}`}>
      {nothing && <Empty title="No log yet" why={folder ? "The job writes run.out and run.err as soon as it runs." : "The job's folder is not on disk, and its log with it."} />}
      <div class="log-bar">
        <label class="log-find">
          <Icon name="find" /><span class="hidden-text">Find in the log</span>
          <input type="search" class="field-box" data-find placeholder="Find in the log" value={text} onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Enter" && step(event.shiftKey ? -1 : 1)} />
        </label>
        <span class="quiet small" aria-live="polite">{text.trim() ? (found.length ? `${at + 1} of ${whole(found.length)}` : "not found") : ""}</span>
        {found.length > 1 && <><button type="button" class="button small-button icon-only" aria-label="Found before" onClick={() => step(-1)}><Icon name="up" /></button>
          <button type="button" class="button small-button icon-only" aria-label="Found next" onClick={() => step(1)}><Icon name="down" /></button></>}
        <span class="grow" />
        <button type="button" class="button small-button" disabled={!error} title={error ? "" : "No line tells of an error"} onClick={() => show(error)}>First error</button>
        <button type="button" class="button small-button" onClick={() => void copy()}><Icon name="copy" />Copy</button>
        <a class="button small-button" download href={address(`jobs/${job}/log/text`, { stream: "out" })}><Icon name="download" />Download</a>
      </div>
      {parts.out?.total === 0 && !nothing && <p class="log-none quiet">Nothing on the output stream.</p>}
      <LogView job={job} stream="out" label="Output stream" seek={seek.out} found={marks("out")} onPart={(out) => setParts((old) => ({ ...old, out }))} />
      {parts.err && <section class={`log-errors ${parts.err?.total ? "some" : ""}`} aria-label="Error stream">
        <h2>{parts.err.total ? <>Error stream <span class="quiet">{whole(parts.err.total)} {parts.err.total === 1 ? "line" : "lines"}</span></> : <span class="quiet">Nothing on the error stream.</span>}
          {!!parts.err.total && <a class="log-err-text small" download href={address(`jobs/${job}/log/text`, { stream: "err" })}>Download</a>}</h2>
        {!!parts.err.total && <LogView job={job} stream="err" label="Error stream" seek={seek.err} found={marks("err")} onPart={(err) => setParts((old) => ({ ...old, err }))} />}
      </section>}
    </div>
  );
}
