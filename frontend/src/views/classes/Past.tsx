// One class at some iterations, from the first to the newest.
import { useEffect, useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { loadStack, roundOf, type Contrast, type Stack } from "../../parts/stack";
import { One } from "./TileStrip";

interface PastProps {
  history: Schema<"ClassHistory">;
  index: number;
  its: number[];
  contrast: Contrast;
  diameter_A: number | null;
}

export function Past(props: PastProps) {
  const [stacks, setStacks] = useState<Map<number, Stack>>(new Map());
  const wanted = props.its.join(",");
  useEffect(() => {
    const stop = new AbortController();
    setStacks(new Map());
    for (const it of props.its) {
      const moment = props.history.moments.find((one) => one.it === it);
      if (!moment?.present) continue;
      loadStack({ path: moment.stack, tag: moment.tag, indices: String(props.index), size: 64 }, stop.signal).then(
        (stack) => setStacks((old) => new Map(old).set(it, stack)),
        () => undefined,
      );
    }
    return () => stop.abort();
  }, [wanted, props.index]);
  return (
    <ul class="classes-strip" style={{ gridTemplateColumns: `repeat(${Math.max(3, props.its.length)}, 1fr)` }} aria-label={`Class ${props.index} by iteration`}>
      {props.its.map((it) => (
        <li key={it}>
          <One stack={stacks.get(it)} number={props.index} name={`Class ${props.index} at iteration ${it}`} contrast="each" round={roundOf(stacks.get(it), props.diameter_A)} />
          <span class="small quiet">{it}</span>
        </li>
      ))}
    </ul>
  );
}
