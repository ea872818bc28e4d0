// Windows of rows of a table, fetched as they come into sight and kept for a while; the first answer comes before the whole file is read.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, Problem, type Schema } from "../../api/client";
import { onTopics } from "../../api/events";

export type Page = Schema<"TablePage">;
export type Cell = Page["rows"][number][number];

export const WINDOW = 200;
const KEPT = 60;

export interface Asked {
  path: string;
  block: string;
  q: string;
  sort: string;
}

export interface Windows {
  /** The newest first window: blocks, columns, counts. */
  page: Page | undefined;
  problem: Problem | undefined;
  updating: boolean;
  row: (at: number) => Cell[] | undefined;
  /** The number of a row in the file, from 0. */
  number: (at: number) => number | undefined;
  want: (first: number, behind: number) => void;
  version: number;
}

/** The rows of a table by windows. */
export function useRows(asked: Asked): Windows {
  const [version, setVersion] = useState(0);
  const [state, setState] = useState<{ page?: Page; problem?: Problem; updating: boolean; key: string }>({ updating: true, key: "" });
  const [round, setRound] = useState(0);
  const store = useRef<Store>();
  const key = JSON.stringify([asked.path, asked.block, asked.q, asked.sort]);
  useEffect(() => onTopics(["project"], () => setRound((n) => n + 1)), []);
  useEffect(() => {
    const one = new Store(asked, () => setVersion((n) => n + 1));
    setState((old) => ({ ...old, updating: true }));
    one.begin(
      (page) => {
        store.current = one;
        setState({ page, updating: !page.complete, key });
        setVersion((n) => n + 1);
      },
      (problem) => setState((old) => ({ ...(old.page ? { page: old.page } : {}), problem, updating: false, key })),
    );
    return () => one.close();
  }, [key, round]);
  return {
    page: state.page,
    problem: state.problem,
    updating: state.updating,
    row: (at) => store.current?.row(at),
    number: (at) => store.current?.number(at),
    want: (first, behind) => store.current?.want(first, behind),
    version,
  };
}

class Store {
  private readonly windows = new Map<number, Page>();
  private readonly underWay = new Set<number>();
  private readonly stop = new AbortController();

  constructor(
    private readonly asked: Asked,
    private readonly changed: () => void,
  ) {}

  begin(ready: (page: Page) => void, failed: (problem: Problem) => void): void {
    const fail = (error: unknown) => !this.stop.signal.aborted && failed(error instanceof Problem ? error : new Problem(0, String(error)));
    this.fetch(0, false).then((page) => {
      this.windows.set(0, page);
      ready(page);
      if (page.complete) return;
      this.fetch(0, true).then((whole) => {
        this.windows.clear();
        this.windows.set(0, whole);
        ready(whole);
      }, fail);
    }, fail);
  }

  close(): void {
    this.stop.abort();
  }

  row(at: number): Cell[] | undefined {
    return this.windows.get(Math.floor(at / WINDOW))?.rows[at % WINDOW];
  }

  number(at: number): number | undefined {
    return this.windows.get(Math.floor(at / WINDOW))?.numbers[at % WINDOW];
  }

  want(first: number, behind: number): void {
    for (let window = Math.floor(first / WINDOW); window * WINDOW < behind; window++) {
      const known = this.windows.get(window);
      if (known) {
        this.windows.delete(window);
        this.windows.set(window, known);
        continue;
      }
      if (this.underWay.has(window)) continue;
      this.underWay.add(window);
      this.fetch(window, true)
        .then((page) => {
          this.windows.set(window, page);
          for (const oldest of this.windows.keys()) if (this.windows.size > KEPT) this.windows.delete(oldest);
          this.changed();
        }, () => undefined)
        .finally(() => this.underWay.delete(window));
    }
  }

  private fetch(window: number, whole: boolean): Promise<Page> {
    return get<Page>("table", { ...this.asked, from: window * WINDOW, count: WINDOW, whole }, this.stop.signal);
  }
}

/** A cell as text; floats with six figures, which is what tables of micrographs and particles are written with. */
export function shown(cell: Cell | undefined): string {
  if (cell === undefined || cell === null) return "";
  if (typeof cell !== "number") return String(cell);
  if (Number.isInteger(cell)) return String(cell);
  const size = Math.abs(cell);
  return size >= 1e7 || size < 1e-4 ? cell.toExponential(4) : String(Number(cell.toPrecision(7)));
}

const UNITS: Record<string, string> = { "Å": "A", "px": "px", "°": "deg", "kV": "kV", "mm": "mm", "µm": "um" };

/** A column's name with its unit, which most of our names end with already. */
export function inHead(column: { name: string; unit: string }): string {
  const said = column.unit && (column.name.endsWith(`_${UNITS[column.unit] ?? column.unit}`) || column.name.endsWith(`_${column.unit.replace(/\//g, "_")}`));
  return column.unit && !said ? `${column.name}, ${column.unit}` : column.name;
}

/** A number for an axis or a range: short, and enough to tell ends apart. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size && (size >= 1e6 || size < 1e-3)) return value.toExponential(1);
  return String(Number(value.toPrecision(size >= 1000 ? 5 : 3)));
}
