// The curves beside a map: the Fourier shell correlation of the job that made it, where there is one. A pressed point low-passes the map.
import { useResource, type Schema } from "../../api/client";
import { Plot } from "../../parts/Plot";
import { lay } from "../curves/sheets";
import type { Viewer } from "./viewer";

/** maker: the number of the job that made the map, or "". */
export function Fsc({ maker, viewer }: { maker: string; viewer: Viewer }) {
  const page = useResource<Schema<"CurvesPage">>(maker ? `curves/${maker}` : "", { kind: "fsc" }, maker ? [`progress:${maker}`, `job:${maker}`] : []);
  const sheet = page.data?.sheets[0];
  if (!sheet) return null;
  const laid = lay([{ name: "", sheet }]);
  const cut = viewer.lowPass_A.value;
  const filter = (x: number) => x > 0 && viewer.filter(1 / x);
  return (
    <section class="volume-section volume-fsc" aria-label="Fourier shell correlation">
      <Plot title="FSC" curves={laid.curves} x={laid.x} y={laid.y} right={laid.right} crossings={laid.crossings}
        marks={cut ? [...(laid.marks ?? []), { axis: "x", at: 1 / cut, label: `low-pass ${cut.toFixed(1)} Å`, kind: "now" }] : laid.marks} height={204} small onPick={filter} />
      <p class="small quiet row">
        <span class="grow">{cut ? `The surface is low-passed at ${cut.toFixed(1)} Å; slices are as recorded.` : "Press in the curve to low-pass the surface there."}</span>
        {cut > 0 && <button type="button" class="button small-button" onClick={() => viewer.filter(0)}>No filter</button>}
      </p>
    </section>
  );
}
