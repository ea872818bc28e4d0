// Particles of a class: the first sixteen, then pages; as they were cut out, or turned as in their class; low-pass by choice.
import { useEffect, useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { TileStrip } from "./TileStrip";

interface MembersProps {
  job: string;
  path: string;
  it: number | null;
  index: number;
}

const FIRST = 16;
const PAGE = 64;

export function Members(props: MembersProps) {
  const [from, setFrom] = useState(0);
  const [all, setAll] = useState(false);
  const [lowpass, setLowpass] = useState("20");
  const [aligned, setAligned] = useState(true);
  useEffect(() => {
    setFrom(0);
    setAll(false);
  }, [props.index, props.it]);
  const count = all ? PAGE : FIRST;
  const { data, problem } = useResource<Schema<"ClassMembers">>(`classes/${props.job}/members`, { index: props.index, it: props.it, path: props.path, from, count });
  if (problem && !data) return <p class="dense quiet">{problem.message}</p>;
  const rows = data?.rows ?? [];
  return (
    <section class="classes-members" aria-label={`Particles of class ${props.index}`}>
      <div class="row">
        <h3 class="grow">Particles of this class</h3>
        {data && data.total > FIRST && (
          <button type="button" class="button bare small-button" aria-expanded={all} onClick={() => { setAll(!all); setFrom(0); }}>{all ? "Fewer" : "Open all"}</button>
        )}
      </div>
      <div class="row small second classes-look">
        <label class="row"><input type="checkbox" checked={aligned} onChange={(event) => setAligned(event.currentTarget.checked)} /> turned</label>
        <label class="row">
          low-pass
          <select class="field-box" value={lowpass} onChange={(event) => setLowpass(event.currentTarget.value)}>
            {["0", "10", "20", "40"].map((value) => <option key={value} value={value}>{value === "0" ? "none" : `${value} Å`}</option>)}
          </select>
        </label>
      </div>
      {rows.length > 0 && data && (
        <TileStrip label={`Particles of class ${props.index}`} columns={4} stack={{ path: data.path, tag: data.tag, indices: rows.join(","), size: 64, lowpass, aligned }} numbers={rows} name={(row) => `particle in row ${row}`} contrast="one" round={aligned ? 0.98 : 0} />
      )}
      {data && !data.total && <p class="dense quiet">No particle is in this class.</p>}
      {all && data && data.total > PAGE && (
        <div class="row small">
          <button type="button" class="button small-button" disabled={from === 0} onClick={() => setFrom(Math.max(0, from - PAGE))}>Before</button>
          <span class="grow second" aria-live="polite">{from + 1} to {Math.min(data.total, from + PAGE)} of {data.total.toLocaleString("en-GB")}</span>
          <button type="button" class="button small-button" disabled={from + PAGE >= data.total} onClick={() => setFrom(from + PAGE)}>Next</button>
        </div>
      )}
    </section>
  );
}
