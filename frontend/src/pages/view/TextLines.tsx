// The text of a file of any length: 2,000 lines at a time, with their numbers; a running job's file goes on by itself.
import { useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { Broken, Loading } from "../../parts/messages";

const LINES = 2000;

export function TextLines({ path }: { path: string }) {
  const [from, setFrom] = useState(0);
  const { data, problem } = useResource<Schema<"LogPart">>("file/text", { path, from_line: from, lines: LINES });
  if (problem && !data) return <Broken sentence={problem.message} />;
  if (!data) return <Loading what="reading the text" height={320} />;
  const last = data.from_line + data.lines.length;
  return (
    <div class="view-text">
      {!data.complete && (
        <div class="row view-pages">
          <button class="button small-button" disabled={data.from_line === 0} onClick={() => setFrom(0)}>First</button>
          <button class="button small-button" disabled={data.from_line === 0} onClick={() => setFrom(Math.max(0, data.from_line - LINES))}>Back</button>
          <button class="button small-button" disabled={last >= data.total} onClick={() => setFrom(last)}>On</button>
          <button class="button small-button" disabled={last >= data.total} onClick={() => setFrom(Math.max(0, data.total - LINES))}>Last</button>
          <span class="second" aria-live="polite">
            lines {(data.from_line + 1).toLocaleString("en-GB")} to {last.toLocaleString("en-GB")} of {data.total.toLocaleString("en-GB")}
          </span>
        </div>
      )}
      {data.total === 0 && <p class="message second">The file is empty.</p>}
      <div class="view-lines mono" tabIndex={0} role="region" aria-label={`Text of ${path}`}>
        <pre class="quiet" aria-hidden="true">{data.lines.map((_, at) => data.from_line + at + 1).join("\n")}</pre>
        <pre>{data.lines.join("\n")}</pre>
      </div>
    </div>
  );
}
