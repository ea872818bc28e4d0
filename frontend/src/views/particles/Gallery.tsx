// Pictures of the rows of a table, page by page in the table's order: particles, or the images that any table names.
import { useEffect, useState } from "preact/hooks";
import { getBytes, useResource, type Schema } from "../../api/client";
import { Icon } from "../../parts/Icon";
import { Tiles } from "../../parts/Tiles";
import { useStack } from "../../parts/stack";
import "./particles.css";

interface GalleryProps {
  path: string;
  /** A word that changes when the table does, so that no picture of an older one stays. */
  tag: string;
  block: string;
  q: string;
  sort: string;
  /** Rows that match. */
  total: number;
  /** Places among the matching rows in the file's order; only these are shown. */
  only?: Uint32Array;
  lowpass?: number;
  size?: number;
  aligned?: boolean;
  /** A line under each picture. */
  caption?: string;
}

const PAGE = 200;

export function Gallery(props: GalleryProps) {
  const [page, setPage] = useState(0);
  const [at, setAt] = useState<number | null>(null);
  const total = props.only?.length ?? props.total;
  const pages = Math.max(1, Math.ceil(total / PAGE));
  useEffect(() => setPage(0), [props.path, props.block, props.q, props.sort, props.only]);
  const numbers = useNumbers(props, Math.min(page, pages - 1));
  const size = props.size ?? 64;
  const [lowpass, aligned] = [props.lowpass ?? 0, props.aligned ?? false];
  const wanted = numbers.rows.map((row) => row + 1);
  const { stack, problem, updating } = useStack(wanted.length ? { path: props.path, tag: props.tag, indices: runs(wanted), size: Math.max(size, 64), ...(lowpass ? { lowpass } : {}), ...(aligned ? { aligned } : {}) } : {});
  const from = page * PAGE + 1;
  return (
    <div class="particles">
      <div class="row particles-bar">
        <button type="button" class="button small-button icon-only" aria-label="Previous page" disabled={page <= 0} onClick={() => setPage(page - 1)}><Icon name="left" /></button>
        <label class="row dense second" style={{ gap: 5 }}>
          Page
          <input class="field-box" type="number" min={1} max={pages} value={page + 1} onChange={(event) => setPage(Math.min(pages, Math.max(1, Number(event.currentTarget.value) || 1)) - 1)} />
          of {pages.toLocaleString("en")}
        </label>
        <button type="button" class="button small-button icon-only" aria-label="Next page" disabled={page >= pages - 1} onClick={() => setPage(page + 1)}><Icon name="right" /></button>
        <span class="grow quiet dense cut" aria-live="polite">{total ? `${from.toLocaleString("en")} to ${Math.min(total, from + PAGE - 1).toLocaleString("en")} of ${total.toLocaleString("en")}` : "No picture passes."}{updating && wanted.length ? " · updating" : ""}</span>
      </div>
      {problem && <p class="particles-fault" role="alert">{problem}</p>}
      <div class="particles-tiles">
        <Tiles
          label={`${wanted.length} images`}
          order={wanted}
          stack={stack}
          size={size}
          cursor={at}
          onCursor={setAt}
          name={(number) => `row ${number.toLocaleString("en")}${said(numbers, number) ? `, ${props.caption} ${said(numbers, number)}` : ""}`}
          caption={props.caption ? (number) => <span class="small quiet">{said(numbers, number)}</span> : undefined}
          captionHeight={props.caption ? 16 : 0}
          {...(problem ? { absent: "not on disk" } : {})}
        />
      </div>
    </div>
  );
}

interface Numbers {
  rows: number[];
  captions: Map<number, string>;
}

function said(numbers: Numbers, number: number): string {
  return numbers.captions.get(number - 1) ?? "";
}

/** The row numbers (from 0) of a page, in the order that is asked for, with the values that stand under the pictures. */
function useNumbers(props: GalleryProps, page: number): Numbers {
  const sorted = !props.only;
  const asked = { path: props.path, block: props.block, q: props.q, sort: sorted ? props.sort : "", from: page * PAGE, count: PAGE, whole: true };
  const found = useResource<Schema<"TablePage">>(sorted ? "table" : "", asked);
  const all = useMatched(props);
  if (!sorted) return { rows: [...props.only!.subarray(page * PAGE, (page + 1) * PAGE)].map((place) => all?.[place] ?? (props.q ? -1 : place)).filter((row) => row >= 0), captions: new Map() };
  const place = found.data?.columns.findIndex((column) => column.name === props.caption) ?? -1;
  const captions = new Map((found.data?.numbers ?? []).map((row, i) => [row, place < 0 ? "" : plain(found.data!.rows[i]![place])]));
  return { rows: found.data?.numbers ?? [], captions };
}

function plain(cell: unknown): string {
  return typeof cell === "number" ? String(Number(cell.toPrecision(4))) : String(cell ?? "");
}

/** With a filter and an outline, the numbers of the rows that the filter leaves. */
function useMatched(props: GalleryProps): Uint32Array | undefined {
  const [found, setFound] = useState<Uint32Array>();
  useEffect(() => {
    setFound(undefined);
    if (!props.only || !props.q) return;
    const stop = new AbortController();
    getBytes("table/matched", { path: props.path, block: props.block, q: props.q }, stop.signal).then(
      (bytes) => setFound(new Uint32Array(bytes)),
      () => undefined,
    );
    return () => stop.abort();
  }, [props.path, props.block, props.q, !!props.only]);
  return found;
}

/** Numbers as the server takes them: runs where they follow each other. */
export function runs(numbers: number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; ) {
    let last = i;
    while (last + 1 < numbers.length && numbers[last + 1] === numbers[last]! + 1) last++;
    parts.push(last > i ? `${numbers[i]}-${numbers[last]}` : String(numbers[i]));
    i = last + 1;
  }
  return parts.join(",");
}
