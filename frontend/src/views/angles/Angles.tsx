// Directions of view on the sphere, laid flat with equal areas; how evenly they sample Fourier space, in a number and a sentence.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { theme } from "../../app/theme";
import { Broken, Loading } from "../../parts/messages";
import { Plot } from "../../parts/Plot";
import { lay } from "../curves/sheets";
import { cells, cividis, lambert, mollweide, outline, type Cell, type Point } from "./project";
import "./angles.css";

interface AnglesProps {
  /** The number of a job, "009"; "-" with a path. */
  job: string;
  path?: string;
  it?: number;
  /** Only particles of this class. */
  index?: number;
}

const KEY = "vitreous.angles.map";

/** Directions and histograms of the particles of a job; shown among the results of 3D jobs. */
export default function Angles(props: AnglesProps) {
  const { data, problem } = useResource<Schema<"AnglesPage">>(`angles/${props.job}`, { it: props.it, path: props.path, index: props.index }, [`progress:${props.job}`, `job:${props.job}`]);
  const [flat, setFlat] = useState(localStorage.getItem(KEY) === "discs" ? "discs" : "oval");
  const [whole, setWhole] = useState(true);
  const [log, setLog] = useState(false);
  if (problem && !data) return <Broken sentence={problem.message} />;
  if (!data) return <Loading what="reading the angles of the particles" height={260} />;
  const counts = (whole && data.whole) || data.counts;
  const choose = (word: string) => {
    setFlat(word);
    localStorage.setItem(KEY, word);
  };
  return (
    <section class="angles" aria-label="Angles of the particles">
      <div class="angles-head">
        <div class="grow">
          <p class="angles-sentence">{data.sentence}</p>
          <p class="quiet dense">{data.particles.toLocaleString("en-GB")} particles, symmetry {data.symmetry}{data.iteration === null ? "" : `, iteration ${data.iteration}`}</p>
        </div>
        {counts && (
          <div class="row">
            <Choice label="Map of the sphere" value={flat} choices={[["oval", "Mollweide"], ["discs", "Two discs"]]} onChoose={choose} />
            {data.whole && <Choice label="Views counted" value={whole ? "all" : "unit"} choices={[["all", "With symmetry"], ["unit", "As listed"]]} onChoose={(word) => setWhole(word === "all")} />}
            <Choice label="Scale of counts" value={log ? "log" : "linear"} choices={[["linear", "Linear"], ["log", "Log"]]} onChoose={(word) => setLog(word === "log")} />
          </div>
        )}
      </div>
      {counts && <Sphere counts={counts} bands={data.bands} edges={data.edges} flat={flat} log={log} />}
      {counts && (
        <details class="dense second">
          <summary>How the efficiency is computed</summary>
          <p>{data.formula}</p>
        </details>
      )}
      <div class="angles-histograms">
        {data.histograms.map((sheet) => {
          const laid = lay([{ name: "", sheet }]);
          return (
            <div class="card angles-histogram" key={sheet.kind}>
              <Plot title={laid.x.unit ? `${laid.title} (${laid.x.unit})` : laid.title} curves={laid.curves} x={laid.x} y={laid.y} height={120} small />
            </div>
          );
        })}
      </div>
    </section>
  );
}

function Choice(props: { label: string; value: string; choices: [string, string][]; onChoose: (word: string) => void }) {
  return (
    <div class="segments" role="group" aria-label={props.label}>
      {props.choices.map(([word, title]) => (
        <button type="button" key={word} aria-pressed={props.value === word} onClick={() => props.onChoose(word)}>{title}</button>
      ))}
    </div>
  );
}

interface SphereProps {
  counts: number[];
  bands: number[];
  edges: number[];
  flat: string;
  log: boolean;
}

interface Place {
  cell: Cell;
  points: Point[];
  count: number;
}

/** The cells in a frame of 2 x 1, in the oval or in two discs side by side. */
function places(props: SphereProps): Place[] {
  return cells(props.bands, props.edges).map((cell, k) => {
    const south = cell.zTop + cell.zFoot < 0;
    const disc = (z: number, turn: number): Point => {
      const at = lambert(z, turn);
      return { x: 0.5 * (at.x * 0.96 + (south ? 1 : -1)), y: 0.48 * at.y };
    };
    return { cell, points: outline(cell, props.flat === "oval" ? mollweide : disc), count: props.counts[k] ?? 0 };
  });
}

function Sphere(props: SphereProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [told, setTold] = useState("");
  const shown = useMemo(() => places(props), [props.counts, props.bands, props.flat]);
  const most = Math.max(1, ...props.counts);
  const part = (count: number) => (props.log ? Math.log1p(count) / Math.log1p(most) : count / most);
  const dark = theme.value;
  useEffect(() => {
    const element = canvas.current!;
    const scale = devicePixelRatio || 1;
    const wide = element.clientWidth || 560;
    element.width = wide * scale;
    element.height = (wide / 2) * scale;
    const pen = element.getContext("2d")!;
    pen.setTransform((scale * wide) / 2, 0, 0, (-scale * wide) / 2, (scale * wide) / 2, (scale * wide) / 4);
    for (const place of shown) {
      pen.beginPath();
      place.points.forEach((point, k) => (k ? pen.lineTo(point.x, point.y) : pen.moveTo(point.x, point.y)));
      pen.closePath();
      pen.fillStyle = pen.strokeStyle = cividis(part(place.count));
      pen.lineWidth = 1.2 / wide;
      pen.fill();
      pen.stroke();
    }
  }, [shown, props.log, dark]);
  const look = (event: PointerEvent) => {
    const frame = canvas.current!.getBoundingClientRect();
    const at = { x: ((event.clientX - frame.left) / frame.width) * 2 - 1, y: 0.5 - (event.clientY - frame.top) / frame.height };
    const found = shown.find((place) => inside(at, place.points));
    setTold(found ? `rot ${degrees((found.cell.from + found.cell.to) / 2)}, tilt ${degrees(Math.acos((found.cell.zTop + found.cell.zFoot) / 2))}: ${found.count.toLocaleString("en-GB")} views` : "");
  };
  return (
    <figure class="angles-sphere">
      <canvas ref={canvas} role="img" aria-label={`Views by direction: from ${Math.min(...props.counts)} to ${most} in cells of equal area`} onPointerMove={look} onPointerLeave={() => setTold("")} />
      <figcaption class="row small second">
        <span>0</span>
        <i class="angles-scale" style={{ background: `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map(cividis).join(",")})` }} />
        <span>{most.toLocaleString("en-GB")} views in a cell{props.log ? ", log scale" : ""}</span>
        <span class="grow" />
        <span aria-live="polite">{told || (props.flat === "oval" ? "tilt 0 on top, rot 0 in the middle" : "seen from tilt 0, and from tilt 180")}</span>
      </figcaption>
    </figure>
  );
}

function degrees(radians: number): string {
  return `${Math.round((radians * 180) / Math.PI)}°`;
}

function inside(at: Point, points: Point[]): boolean {
  let found = false;
  for (let k = 0, last = points.length - 1; k < points.length; last = k++) {
    const [a, b] = [points[k]!, points[last]!];
    if (a.y > at.y !== b.y > at.y && at.x < ((b.x - a.x) * (at.y - a.y)) / (b.y - a.y) + a.x) found = !found;
  }
  return found;
}
