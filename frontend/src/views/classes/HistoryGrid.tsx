// All classes over the iterations: a row for each class, a column for each of some iterations; pictures come column by column.
import { useEffect, useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { loadStack, roundOf, type Contrast, type Stack } from "../../parts/stack";
import { stations } from "./order";
import { One } from "./TileStrip";

interface GridProps {
  history: Schema<"ClassHistory">;
  order: number[];
  contrast: Contrast;
  diameter_A: number | null;
  onOpen: (it: number, index: number) => void;
}

const COLUMNS = 9;
const ROWS_AT_ONCE = 60;

export function HistoryGrid(props: GridProps) {
  const { moments } = props.history;
  const its = stations(moments.filter((one) => one.present).map((one) => one.it), COLUMNS);
  const [stacks, setStacks] = useState<Map<number, Stack>>(new Map());
  const [rows, setRows] = useState(ROWS_AT_ONCE);
  const wanted = its.join(",");
  useEffect(() => {
    const stop = new AbortController();
    const load = async () => {
      for (const it of [...its].reverse()) {
        const moment = moments.find((one) => one.it === it)!;
        const stack = await loadStack({ path: moment.stack, tag: moment.tag, size: 64 }, stop.signal).catch(() => undefined);
        if (stop.signal.aborted) return;
        if (stack) setStacks((old) => new Map(old).set(it, stack));
      }
    };
    void load();
    return () => stop.abort();
  }, [wanted]);
  return (
    <div class="classes-history" tabIndex={0} role="region" aria-label="Classes by iteration">
      <table>
        <thead>
          <tr>
            <th scope="col">Class</th>
            {its.map((it) => <th key={it} scope="col">{it}</th>)}
          </tr>
        </thead>
        <tbody>
          {props.order.slice(0, rows).map((index) => (
            <tr key={index}>
              <th scope="row">#{index}</th>
              {its.map((it) => {
                const moment = moments.find((one) => one.it === it)!;
                return (
                  <td key={it}>
                    <button type="button" title={`Show iteration ${it}`} aria-label={`Class ${index} at iteration ${it}, ${(100 * (moment.shares[index - 1] ?? 0)).toFixed(1)} percent`} onClick={() => props.onOpen(it, index)}>
                      <One stack={stacks.get(it)} number={index} name="" contrast={props.contrast} round={roundOf(stacks.get(it), props.diameter_A)} />
                    </button>
                    <span class="small quiet">{(100 * (moment.shares[index - 1] ?? 0)).toFixed(1)} %</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {rows < props.order.length && <button type="button" class="button" onClick={() => setRows(rows + ROWS_AT_ONCE)}>Show {Math.min(ROWS_AT_ONCE, props.order.length - rows)} more classes</button>}
    </div>
  );
}
