// The monitors as a table: value now, limit, state, and silence for an hour.
import { act, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { attempt, say } from "../../app/toasts";
import { Glyph } from "../../parts/Glyph";

type Row = Schema<"MonitorRow">;

const GLYPH: Record<string, string> = { ok: "finished", look: "silent", alarm: "failed", "no data": "scheduled", snoozed: "queued" };
const WORD: Record<string, string> = { ok: "OK", look: "Look", alarm: "Alarm", "no data": "No data", snoozed: "Snoozed" };

export function Monitors({ rows, again }: { rows: Row[]; again: () => void }) {
  const change = async (row: Row, wish: { limit?: number; snooze_h?: number }, words: string) => {
    const done = await attempt(() => act<Row[]>("PUT", `monitors/${row.id}`, wish));
    if (done) say(words);
    again();
  };
  return (
    <section class="card live-monitors" aria-label="Monitors">
      <h2>Monitors</h2>
      <table class="rows">
        <thead><tr><th>State</th><th>Name</th><th class="number">Now</th><th>Limit</th><th>Unit</th><th>Note</th><th><span class="hidden-text">Acts</span></th></tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td><span class="row"><Glyph state={GLYPH[row.state] ?? "scheduled"} silent />{WORD[row.state] ?? row.state}</span></td>
              <td>{row.name}</td>
              <td class="number">{row.value === null || row.value === undefined ? "–" : Number(row.value.toPrecision(4)).toLocaleString("en-GB")}</td>
              <td>
                <label class="row">{row.side}
                  <input key={row.limit} class="field-box live-limit" type="number" step="any" aria-label={`Limit of ${row.name} in ${row.unit}`} defaultValue={String(row.limit)} disabled={!mayAct.value}
                    onChange={(event) => event.currentTarget.value && change(row, { limit: Number(event.currentTarget.value) }, `${row.name}: limit ${event.currentTarget.value} ${row.unit}`)} />
                </label>
              </td>
              <td class="quiet">{row.unit}</td>
              <td class="second">{row.note}</td>
              <td class="number">
                {mayAct.value && (row.state === "snoozed"
                  ? <button class="button bare small-button" onClick={() => change(row, { snooze_h: 0 }, `${row.name} speaks again`)}>Wake</button>
                  : <button class="button bare small-button" onClick={() => change(row, { snooze_h: 1 }, `${row.name} is silent for an hour`)}>Snooze 1 h</button>)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
