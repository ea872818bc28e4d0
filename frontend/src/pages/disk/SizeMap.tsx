// The jobs as boxes, as large as what they hold; a press ticks or unticks. The table below holds the same for all.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { bytes } from "../job/jobActs";
import { treeMap } from "./treeMap";

export function SizeMap(props: { jobs: Schema<"DiskJob">[]; ticked: ReadonlySet<string>; onTick: (number: string) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(900);
  const height = width < 500 ? 160 : 200;
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const all = props.jobs.reduce((sum, job) => sum + job.bytes, 0);
  const items = props.jobs.filter((job) => job.bytes > all / 2000).map((job) => ({ item: job, size: job.bytes }));
  return (
    <div class="disk-map" ref={box} style={{ height }} aria-hidden="true">
      {treeMap(items, width, height).map(({ item, x, y, width: w, height: h }) => (
        <button key={item.job.number} type="button" tabIndex={-1} class={`disk-box ${props.ticked.has(item.job.number) ? "ticked" : ""}`} style={{ left: x, top: y, width: Math.max(1, w - 2), height: Math.max(1, h - 2) }}
          title={`${item.job.title}, job${item.job.number}: ${bytes(item.bytes)}`} onClick={() => props.onTick(item.job.number)}>
          {w > 56 && h > 34 && <><span class="cut">{item.job.title}</span><span class="cut disk-box-size">{bytes(item.bytes)}</span></>}
        </button>
      ))}
    </div>
  );
}
