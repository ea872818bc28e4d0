// The bytes of a file that is no text: 4,096 at a time, as numbers and as what of them is text.
import { useEffect, useState } from "preact/hooks";
import { address } from "../../api/client";
import { Broken, Loading } from "../../parts/messages";
import { dump, size } from "./fileWords";

const PART = 4096;

async function part(path: string, from: number, signal: AbortSignal): Promise<Uint8Array> {
  const headers = { Range: `bytes=${from}-${from + PART - 1}` };
  const answer = await fetch(address("file/raw", { path }), { headers, signal });
  if (!answer.ok) throw new Error("The bytes could not be read.");
  return new Uint8Array(await answer.arrayBuffer()).subarray(0, PART);
}

export function Bytes({ path, bytes }: { path: string; bytes: number }) {
  const [from, setFrom] = useState(0);
  const [lines, setLines] = useState<string[]>();
  const [fault, setFault] = useState("");
  useEffect(() => {
    if (!bytes) return;
    const stop = new AbortController();
    part(path, from, stop.signal).then(
      (data) => setLines(dump(data, from)),
      (error: unknown) => !stop.signal.aborted && setFault(String(error)),
    );
    return () => stop.abort();
  }, [path, from, bytes]);
  if (!bytes) return <p class="message second">The file is empty.</p>;
  if (fault) return <Broken sentence={fault} />;
  if (!lines) return <Loading what={`reading ${size(Math.min(bytes, PART))}`} height={320} />;
  return (
    <div class="view-text">
      {bytes > PART && (
        <div class="row view-pages">
          <button class="button small-button" disabled={from === 0} onClick={() => setFrom(Math.max(0, from - PART))}>Back</button>
          <button class="button small-button" disabled={from + PART >= bytes} onClick={() => setFrom(from + PART)}>On</button>
          <span class="second" aria-live="polite">bytes from {from.toLocaleString("en-GB")} of {bytes.toLocaleString("en-GB")}</span>
        </div>
      )}
      <div class="view-lines mono" tabIndex={0} role="region" aria-label={`Bytes of ${path}`}><pre>{lines.join("\n")}</pre></div>
    </div>
  );
}
