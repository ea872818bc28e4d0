// The micrograph at hand: its picture with verdict buttons and picks, Thon rings beside the fit, the radial curves, the motion.
import { useRef, useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { Icon } from "../../parts/Icon";
import { Picture, type Paint, type PictureHandle } from "../../parts/Picture";
import { PictureControls } from "../../parts/PictureControls";
import type { Curation } from "./curation";
import { Rings } from "./Rings";
import { Refit } from "./Refit";
import { Track } from "./Track";
import { isKept, KEPT_BY_HAND } from "./judge";

interface PanelProps {
  curation: Curation;
  row: number;
  onStep: (by: number) => void;
  onVerdict: (verdict: "keep" | "out") => void;
  mayChange: boolean;
}

export function Panel(props: PanelProps) {
  const { curation, row } = props;
  const { table, judged } = curation;
  const name = table.names[row]!;
  const handle = useRef<PictureHandle | null>(null);
  const [refit, setRefit] = useState(false);
  const [picks, setPicks] = useState(true);
  const found = usePicks(table.path, name);
  const verdict = judged.verdicts[row]!;
  const kept = isKept(verdict);
  return (
    <section class="cur-right" aria-label="Micrograph">
      <div class="row cur-bar" style={{ gap: 6 }}>
        <button type="button" class="button small-button icon-only" title="Previous (,)" aria-label="Previous micrograph" onClick={() => props.onStep(-1)}><Icon name="left" /></button>
        <button type="button" class="button small-button icon-only" title="Next (.)" aria-label="Next micrograph" onClick={() => props.onStep(1)}><Icon name="right" /></button>
        <h2 class="cut grow" title={name}>{curation.short(name)}</h2>
        <PictureControls show={["lowpass"]} />
        {found.length > 0 && (
          <button type="button" class="button small-button" aria-pressed={picks} onClick={() => setPicks(!picks)}>
            <Icon name="auto-pick" />
            {found.length.toLocaleString("en")} picks
          </button>
        )}
      </div>
      <div class="cur-picture">
        <Picture asked={{ path: name }} label={`Micrograph ${curation.short(name)}`} handle={handle} overlay={(paint) => picks && circles(paint, found)}>
          <div class="cur-verdicts" onPointerDown={(event) => event.stopPropagation()} onDblClick={(event) => event.stopPropagation()}>
            <button type="button" class={`button small-button ${kept ? "cur-is-kept" : ""}`} aria-pressed={kept} disabled={!props.mayChange} onClick={() => props.onVerdict("keep")}><Icon name="check" />Keep <kbd>A</kbd></button>
            <button type="button" class={`button small-button ${kept ? "" : "cur-is-out"}`} aria-pressed={!kept} disabled={!props.mayChange} onClick={() => props.onVerdict("out")}><Icon name="close" />Leave out <kbd>R</kbd></button>
          </div>
          {verdict >= KEPT_BY_HAND && <span class="cur-hand">by hand</span>}
        </Picture>
      </div>
      <div class="cur-three">
        {table.has_spectra && <Rings path={table.path} tag={table.tag} row={row} fits={curation.choice.fits[name]} onRefit={props.mayChange ? () => setRefit(true) : undefined} />}
        {table.has_motion && <Track path={table.path} row={row} total={curation.columns.accumulated_motion_A?.[row]} />}
      </div>
      {refit && <Refit curation={curation} row={row} onClose={() => setRefit(false)} />}
    </section>
  );
}

type Pick = [x: number, y: number];

/** Picks that a job has made on this micrograph, if any has. */
function usePicks(path: string, name: string): Pick[] {
  const found = useResource<Schema<"MicrographPicks">>("micrographs/picks", { path, name });
  return found.data?.name === name ? (found.data.points as Pick[]) : [];
}

function circles(paint: Paint, picks: Pick[]): void {
  const { context } = paint;
  const radius = Math.max(4, ((picks.length > 600 ? 60 : 90) / Math.max(paint.pixelSizeA, 0.5)) * paint.zoom);
  context.strokeStyle = "#4fd8f5";
  context.lineWidth = 1.4;
  for (const [x, y] of picks) {
    const [sx, sy] = paint.at(x, y);
    if (sx < -radius || sy < -radius || sx > paint.screen.width + radius || sy > paint.screen.height + radius) continue;
    context.beginPath();
    context.arc(sx, sy, radius, 0, 2 * Math.PI);
    context.stroke();
  }
}
