// Where a job runs: places and their devices as chips. A place that cannot be reached says why and cannot be chosen.
import type { Schema } from "../../api/client";
import type { Filling } from "./filling";
import { isYes } from "./visible";

/** Settings that the chips stand for. */
export const ON_CHIPS = new Set(["use_queue", "profile", "device", "gpus"]);

type Place = Schema<"Place">;

export function placeOf(filling: Filling): Place | undefined {
  const { values, form } = filling;
  const word = values.profile ? `profile:${values.profile}` : isYes(values.use_queue) ? "queue" : "here";
  return (form.places ?? []).find((one) => one.word === word);
}

export function PlaceChips({ filling }: { filling: Filling }) {
  const { values, form } = filling;
  const chosen = placeOf(filling);
  const locked = (form.locks ?? {}).use_queue;
  const cuda = values.device === "cuda" && form.uses_gpu;
  const gpus = new Set((values.gpus ?? "").split(/[:,]/).map((one) => one.trim()).filter(Boolean));
  const toggle = (word: string) => {
    if (word === "cpu") return filling.setAll({ device: "cpu", gpus: "" });
    const next = new Set(gpus);
    if (cuda && next.has(word)) next.delete(word);
    else next.add(word);
    filling.setAll(next.size ? { device: "cuda", gpus: word === "gpu" ? "" : [...next].sort().join(":") } : { device: "cpu", gpus: "" });
  };
  const on = (word: string) => (word === "cpu" ? !cuda : cuda && (word === "gpu" || gpus.size === 0 || gpus.has(word)));
  return (
    <div class="form-places">
      <div class="form-place-row" role="group" aria-label="Place">
        <span class="second form-place-head">Place</span>
        {(form.places ?? []).map((place) => (
          <button key={place.word} type="button" class="form-chip" aria-pressed={place === chosen} disabled={Boolean(place.fault || locked)} title={place.fault || locked || undefined} onClick={() => filling.setAll(place.values)}>
            {place.title}
            {place.fault && <span class="quiet"> · {place.fault}</span>}
          </button>
        ))}
      </div>
      {chosen && chosen.devices.length > 0 && (
        <div class="form-place-row" role="group" aria-label="Devices">
          <span class="second form-place-head">Devices</span>
          {chosen.devices.map((device) => (
            <button key={device.word} type="button" class="form-chip" aria-pressed={on(device.word)} disabled={Boolean(locked)} onClick={() => toggle(device.word)}>
              {device.title}
              {device.memory_GB != null && <span class="quiet"> · {device.memory_GB} GB{device.word === "cpu" ? " free" : ""}</span>}
            </button>
          ))}
          {!form.uses_gpu && <span class="quiet dense">This type of job works on the CPU.</span>}
        </div>
      )}
    </div>
  );
}
