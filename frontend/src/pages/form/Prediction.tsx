// What a job will take, beside the buttons: memory, disk, time with its ground, and whether it fits; else the setting that would.
import type { Filling, Predicted } from "./filling";
import { duration, inGB } from "./words";

const TONES: Record<string, string> = { fits: "done", tight: "ask", "will not fit": "fail" };

export function Prediction({ filling }: { filling: Filling }) {
  const said = filling.prediction;
  if (!said) return <div class="form-prediction quiet" role="status">Working out what it takes…</div>;
  const shown = (said.needs ?? []).filter((need) => need.name !== "cores" || need.verdict !== "fits");
  return (
    <div class="form-prediction" role="status" aria-label="What it will take">
      <span class={`chip ${TONES[said.verdict] ?? ""}`} data-verdict={said.verdict}>{said.verdict}</span>
      {shown.map((need) => <Need key={need.name} need={need} />)}
      <div class="form-need">
        <span class="quiet small">time</span>
        <span>{said.time_s ? `${duration(said.time_s.low)} to ${duration(said.time_s.high)}` : "not known"}</span>
        <span class="quiet small cut" title={said.ground}>{said.ground}</span>
      </div>
      {said.fits_with && (
        <button type="button" class="button small-button" onClick={() => filling.setAll(said.fits_with ?? {})}>
          Take {said.fits_words}
        </button>
      )}
    </div>
  );
}

function Need({ need }: { need: NonNullable<Predicted["needs"]>[number] }) {
  const share = need.have ? Math.min(1, need.need / need.have) : 0;
  const tone = need.verdict === "will not fit" ? "var(--fail)" : need.verdict === "tight" ? "var(--ask)" : "var(--ink-3)";
  const text = need.unit === "cores" ? `${need.need}` : inGB(need.need);
  const of = need.have == null ? "" : need.unit === "cores" ? `of ${need.have}` : `of ${inGB(need.have)}`;
  return (
    <div class="form-need" title={`${need.name}: ${text} ${of}`}>
      <span class="quiet small">{need.name}</span>
      <span>{text}</span>
      <span class="bar form-bar"><i style={{ width: `${100 * share}%`, background: tone }} /></span>
      <span class="quiet small">{of}</span>
    </div>
  );
}
