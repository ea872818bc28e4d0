// Thon rings, the data at the left and the fit at the right, and the radial curves of both with their agreement.
import { useMemo } from "preact/hooks";
import { address, useResource, type Schema } from "../../api/client";
import { curvePath, ringTicks } from "./curveMath";

type Spectrum = Schema<"Spectrum">;

export function Rings(props: { path: string; tag: string; row: number; fits: Record<string, number> | undefined; onRefit: (() => void) | undefined }) {
  const { path, row } = props;
  const found = useResource<Spectrum>("spectrum", { path, row, tag: props.tag });
  const data = found.data;
  const resolution = props.fits?.ctf_resolution_A ?? data?.resolution_A;
  return (
    <>
      <figure class="card cur-figure">
        <figcaption>
          <b>Spectrum</b>
          <span>{data?.source === "fit" ? "fit alone" : "data | fit"}</span>
        </figcaption>
        <div class="cur-well">
          {found.problem ? (
            <p class="cur-why">{found.problem.message}</p>
          ) : (
            data && <img src={address("spectrum/picture", { path, row, tag: data.tag })} alt={`Power spectrum: the data at the left, the rings of the fit at the right${resolution ? `, good to ${resolution.toFixed(1)} Å` : ""}`} />
          )}
          {props.onRefit && <button type="button" class="button small-button" onClick={props.onRefit} title="Fit this micrograph again with other ranges">Fit again</button>}
        </div>
      </figure>
      <figure class="card cur-figure">
        <figcaption>
          <b>Radial fit</b>
          <span>{resolution ? `good to ${resolution.toFixed(1)} Å` : ""}</span>
        </figcaption>
        {data && <Radial spectrum={data} resolution={resolution ?? undefined} />}
      </figure>
    </>
  );
}

interface Shown {
  k: number[];
  data: number[];
  fit: number[];
  agreement: number[];
}

/** The curves over 1/Å, labelled in Å; a table in words stands behind it for those who do not see it. */
export function Radial(props: { spectrum: Shown; resolution: number | undefined; label?: string }) {
  const { spectrum } = props;
  const [width, height] = [260, 150];
  const drawn = useMemo(() => {
    const high = Math.min(spectrum.k[spectrum.k.length - 1] ?? 0.3, props.resolution ? Math.max(0.2, 1.45 / props.resolution) : 0.34);
    const at = { k: spectrum.k, low: 0.02, high, width, height: height - 18 };
    return { high, data: curvePath(at, spectrum.data), fit: curvePath(at, spectrum.fit), agreement: curvePath(at, spectrum.agreement), ticks: ringTicks(0.02, high) };
  }, [spectrum, props.resolution]);
  const x = (k: number) => 6 + ((k - 0.02) / (drawn.high - 0.02)) * (width - 12);
  const words = props.label ?? `Radial curves from 50 Å to ${(1 / drawn.high).toFixed(1)} Å: data, fit and their agreement${props.resolution ? `; the rings agree to ${props.resolution.toFixed(2)} Å` : ""}.`;
  return (
    <div class="cur-radial">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={words} preserveAspectRatio="none">
        {drawn.ticks.map((tick) => <line key={tick} class="cur-grid" x1={x(1 / tick)} x2={x(1 / tick)} y1={2} y2={height - 18} />)}
        {props.resolution && 1 / props.resolution < drawn.high && <line class="cur-limit" x1={x(1 / props.resolution)} x2={x(1 / props.resolution)} y1={2} y2={height - 18} />}
        <path d={drawn.fit} class="cur-fit" />
        <path d={drawn.data} class="cur-data" />
        <path d={drawn.agreement} class="cur-agreement" />
      </svg>
      <div class="cur-ticks" aria-hidden="true">
        {drawn.ticks.map((tick, index) => <span key={tick} style={{ left: `${(100 * x(1 / tick)) / width}%` }}>{tick}{index === 0 ? " Å" : ""}</span>)}
      </div>
      <div class="cur-legend" aria-hidden="true">
        {spectrum.data.length > 0 && <span><i style={{ background: "var(--s1)" }} />data</span>}
        <span><i style={{ background: "var(--s2)" }} />fit</span>
        {spectrum.agreement.length > 0 && <span><i style={{ background: "var(--s3)" }} />agreement</span>}
      </div>
    </div>
  );
}
