// Arguments of an external program: pairs of label and value, as many as are filled and one more.
import type { Filling } from "./filling";

const MOST = 10;
const PAIR = /^(label|value)_(\d+)$/;

export function isPair(name: string): boolean {
  return PAIR.test(name);
}

export function ExternalParams({ filling }: { filling: Filling }) {
  const { values, form } = filling;
  const numbers = Array.from({ length: MOST }, (_, index) => index + 1);
  const filled = numbers.filter((n) => values[`label_${n}`] || values[`value_${n}`]);
  const last = Math.max(0, ...filled);
  return (
    <div class="form-pairs" role="group" aria-label="Arguments of the program">
      <div class="form-pair quiet small"><span>Argument, without dashes</span><span>Value; empty makes it a flag</span></div>
      {numbers.filter((n) => n <= Math.min(MOST, last + 1)).map((n) => (
        <div key={n} class="form-pair">
          {(["label", "value"] as const).map((part) => (
            <input key={part} id={`field-${part}_${n}`} class="field-box" aria-label={`${part === "label" ? "Argument" : "Value"} ${n}`} spellcheck={false} value={values[`${part}_${n}`] ?? ""} disabled={Boolean((form.locks ?? {})[`${part}_${n}`])} onInput={(event) => filling.set(`${part}_${n}`, event.currentTarget.value)} onBlur={() => filling.leave()} />
          ))}
        </div>
      ))}
    </div>
  );
}
