// The Guinier plot, whose range of the fit can be moved to see how far the B-factor depends on it; the server fits.
import { useEffect, useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { Plot } from "../../parts/Plot";
import { lay, type Sheet } from "./sheets";

const LINE = "fitted line";
const WAIT_MS = 80;

export function Guinier(props: { sheet: Sheet; path: string }) {
  const laid = lay([{ name: "", sheet: props.sheet }]);
  const line = laid.curves.find((curve) => curve.name === LINE);
  const first: [number, number] = line && line.x.length > 1 ? [line.x[0]!, line.x[line.x.length - 1]!] : [0, 0];
  const [range, setRange] = useState<[number, number] | null>(null);
  const [asked, setAsked] = useState<[number, number] | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(range), WAIT_MS);
    return () => clearTimeout(timer);
  }, [range]);
  const { data, problem } = useResource<Schema<"GuinierFit">>(asked ? "guinier" : "", asked ? { path: props.path, low: angstrom(asked[0]), high: angstrom(asked[1]) } : {});
  const [low, high] = range ?? first;
  const moved = range !== null;
  const curves = moved && data ? laid.curves.map((curve) => (curve.name === LINE ? { ...curve, x: data.line.x, y: data.line.y } : curve)) : laid.curves;
  const marks = line
    ? [
        { axis: "x" as const, at: low, label: `fit from ${angstrom(low).toFixed(1)} Å`, onMove: (at: number) => setRange([Math.min(at, high * 0.95), high]) },
        { axis: "x" as const, at: high, label: `to ${angstrom(high).toFixed(1)} Å`, onMove: (at: number) => setRange([low, Math.max(at, low * 1.05)]) },
      ]
    : [];
  return (
    <section class="card curves-sheet" aria-label={laid.title} data-kind="guinier">
      <Plot title={laid.title} curves={curves} x={laid.x} y={laid.y} marks={marks} height={280} />
      <dl class="curves-figures">
        {(props.sheet.figures ?? []).map((one) => (
          <div key={one.name}>
            <dt>{one.name}</dt>
            <dd>{Number(one.value.toPrecision(3))}{one.unit ? ` ${one.unit}` : ""}</dd>
          </div>
        ))}
      </dl>
      <p class="second dense" aria-live="polite">{moved ? (problem?.message ?? data?.sentence ?? "") : laid.sentence}</p>
      {moved && <button type="button" class="button small-button curves-back" onClick={() => setRange(null)}>Back to the fit of the job</button>}
    </section>
  );
}

/** 1/d² as Å. */
function angstrom(square: number): number {
  return square > 0 ? 1 / Math.sqrt(square) : 999;
}
