// The plotted columns and the outline drawn over them: bytes from the server go to a worker, which counts beside the page.
import { useEffect, useRef, useState } from "preact/hooks";
import { getBytes } from "../../api/client";
import type { Asked } from "./rows";
import type { Frame, Point } from "./lasso";
import type { Ask, Told } from "./lasso.worker";

export interface Marked {
  points: Point[];
  /** Places among the rows that match the filter, in the file's order. */
  rows: Uint32Array;
  took_ms: number;
}

export interface Plotted {
  ready: boolean;
  problem: string;
  spans: { x: [number, number]; y: [number, number] } | undefined;
  cells: { cells: Uint32Array; width: number; height: number } | undefined;
  marked: Marked | undefined;
  draw: (frame: Frame, width: number, height: number) => void;
  mark: (points: Point[]) => void;
  clear: () => void;
}

/** Two columns of the rows that match; with one column y is the same as x. */
export function usePlotted(asked: Asked, tag: string, x: string, y: string): Plotted {
  const worker = useRef<Worker>();
  const wanted = useRef(0);
  const outline = useRef<Point[]>([]);
  const [state, setState] = useState<Pick<Plotted, "ready" | "problem" | "spans" | "cells" | "marked">>({ ready: false, problem: "", spans: undefined, cells: undefined, marked: undefined });
  const send = (ask: Ask, hand: Transferable[] = []) => worker.current?.postMessage(ask, hand);
  useEffect(() => {
    const one = new Worker(new URL("./lasso.worker.ts", import.meta.url), { type: "module" });
    worker.current = one;
    one.onmessage = (event: MessageEvent<Told>) => {
      const told = event.data;
      if (told.kind === "spans") setState((old) => ({ ...old, ready: true, spans: { x: told.x, y: told.y } }));
      else if (told.id !== wanted.current && told.kind === "outline") return;
      else if (told.kind === "density") setState((old) => ({ ...old, cells: told }));
      else setState((old) => ({ ...old, marked: { points: outline.current, rows: told.rows, took_ms: told.took_ms } }));
    };
    return () => one.terminate();
  }, []);
  useEffect(() => {
    setState({ ready: false, problem: "", spans: undefined, cells: undefined, marked: undefined });
    if (!x || !tag) return;
    const stop = new AbortController();
    const names = y && y !== x ? `${x},${y}` : x;
    getBytes("table/columns", { path: asked.path, block: asked.block, q: asked.q, names, tag }, stop.signal).then(
      (bytes) => {
        const values = new Float32Array(bytes);
        const first = values.slice(0, names === x ? values.length : values.length / 2);
        const second = names === x ? first.slice() : values.slice(values.length / 2);
        send({ kind: "columns", x: first, y: second }, [first.buffer, second.buffer]);
      },
      (error: unknown) => !stop.signal.aborted && setState((old) => ({ ...old, problem: error instanceof Error ? error.message : String(error) })),
    );
    return () => stop.abort();
  }, [asked.path, asked.block, asked.q, tag, x, y]);
  return {
    ...state,
    draw: (frame, width, height) => send({ kind: "density", id: 0, frame, width, height }),
    mark: (points) => {
      outline.current = points;
      send({ kind: "outline", id: ++wanted.current, points });
    },
    clear: () => {
      wanted.current++;
      setState((old) => ({ ...old, marked: undefined }));
    },
  };
}
