// Particles as pictures: a gallery by pages in the order of any column, with a low-pass, turned as in their class; and as a table.
import { useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { query, setQuery, to } from "../../app/place";
import { Icon } from "../../parts/Icon";
import { Broken, Empty, Loading } from "../../parts/messages";
import type { ViewProps } from "../registry";
import { Gallery } from "./Gallery";

const SIZES = [48, 64, 96, 128];
const LOWPASS_A = [0, 5, 8, 10, 15, 20, 30, 40];

export default function Particles(props: ViewProps) {
  const q = query.value.get("q") ?? "";
  const sort = query.value.get("sort") ?? "";
  const { data: page, problem } = useResource<Schema<"TablePage">>("table", { path: props.path, q, count: 0, whole: true }, ["project"]);
  const { data: info, problem: gone } = useResource<Schema<"StackInfo">>("stack/info", { path: props.path });
  const [lowpass, setLowpass] = useState(20);
  const [size, setSize] = useState(64);
  const [aligned, setAligned] = useState(false);
  if (problem && !page) return <Broken sentence={problem.message} />;
  if (!page) return <Loading what="Reading the particles" height={420} />;
  const column = sort.replace(/^-/, "");
  const named = page.columns.filter((one) => one.name !== "image");
  return (
    <div class="particles-view">
      <div class="row particles-head">
        <h2>{page.matched.toLocaleString("en")} particles{page.matched < page.total && <span class="quiet"> of {page.total.toLocaleString("en")}</span>}</h2>
        {info && <span class="quiet dense">{info.box} px{info.pixel_size_A > 0 && `, ${info.pixel_size_A.toFixed(2)} Å/px`}</span>}
        <span class="grow" />
        <label class="row dense second">Sort by
          <select class="field-box" value={column} onChange={(event) => setQuery({ sort: event.currentTarget.value })}>
            <option value="">as they stand</option>
            {named.map((one) => <option key={one.name} value={one.name}>{one.name}</option>)}
          </select>
        </label>
        {sort && <button type="button" class="button small-button icon-only" title={sort.startsWith("-") ? "Falling; press for rising" : "Rising; press for falling"} aria-label={sort.startsWith("-") ? "Falling order" : "Rising order"} onClick={() => setQuery({ sort: sort.startsWith("-") ? column : `-${column}` })}><Icon name={sort.startsWith("-") ? "down" : "up"} /></button>}
        <label class="row dense second">Low-pass
          <select class="field-box" value={lowpass} onChange={(event) => setLowpass(Number(event.currentTarget.value))}>
            {LOWPASS_A.map((one) => <option key={one} value={one}>{one ? `${one} Å` : "off"}</option>)}
          </select>
        </label>
        <label class="row dense second">Size
          <select class="field-box" value={size} onChange={(event) => setSize(Number(event.currentTarget.value))}>
            {SIZES.map((one) => <option key={one} value={one}>{one} px</option>)}
          </select>
        </label>
        {info?.aligned && <label class="row dense second"><input type="checkbox" checked={aligned} onChange={(event) => setAligned(event.currentTarget.checked)} />Turned as aligned</label>}
        <a class="button small-button" href={to("table", { path: props.path, block: page.block })}><Icon name="chart" />Table</a>
      </div>
      {gone && !info ? (
        <Empty title="No pictures" why={gone.message}><a class="button" href={to("table", { path: props.path, block: page.block })}>Show the table</a></Empty>
      ) : <Gallery path={props.path} tag={page.tag} block={page.block} q={q} sort={sort} total={page.matched} lowpass={info && info.pixel_size_A <= 0 ? 0 : lowpass} size={size} aligned={aligned} {...(column ? { caption: column } : {})} />}
    </div>
  );
}
