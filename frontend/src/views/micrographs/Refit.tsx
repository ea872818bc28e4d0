// Fits one micrograph's CTF again with other ranges; nothing changes until the result is used.
import { useEffect, useRef, useState } from "preact/hooks";
import { act, type Schema } from "../../api/client";
import { Radial } from "./Rings";
import type { Curation } from "./curation";
import { fitKey } from "./judge";

const FIELDS = [
  { name: "min_defocus_A", title: "Defocus from", usual: 5000 },
  { name: "max_defocus_A", title: "Defocus to", usual: 50000 },
  { name: "min_resolution_A", title: "Rings from", usual: 30 },
  { name: "max_resolution_A", title: "Rings to", usual: 5 },
  { name: "astigmatism_A", title: "Expected astigmatism", usual: 100 },
] as const;

type Found = Schema<"Refitted">;

export function Refit(props: { curation: Curation; row: number; onClose: () => void }) {
  const { curation, row } = props;
  const { table, draft, choice } = curation;
  const name = table.names[row]!;
  const [ranges, setRanges] = useState<Record<string, string>>(Object.fromEntries(FIELDS.map((field) => [field.name, String(field.usual)])));
  const [found, setFound] = useState<Found>();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    head.current?.focus();
    setFound(undefined);
    setFault("");
  }, [row]);
  const fit = async () => {
    setBusy(true);
    setFault("");
    try {
      const body = Object.fromEntries(FIELDS.map((field) => [field.name, Number(ranges[field.name])]));
      setFound(await act<Found>("POST", "spectrum/again", body, { path: table.path, row }));
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  const use = (values: Record<string, number> | null) => {
    draft.do(values ? `New fit of ${curation.short(name)}` : `Old fit of ${curation.short(name)}`, { [fitKey(name)]: values });
    props.onClose();
  };
  const said = (column: string, factor: number, digits: number) => (found?.values[column] === undefined ? "–" : (found.values[column]! * factor).toFixed(digits));
  return (
    <form
      class="card cur-refit"
      aria-label={`Fit ${curation.short(name)} again`}
      onSubmit={(event) => {
        event.preventDefault();
        void fit();
      }}
      onKeyDown={(event) => event.key === "Escape" && props.onClose()}
    >
      <h3 ref={head} tabIndex={-1}>Fit {curation.short(name)} again</h3>
      <div class="cur-fields">
        {FIELDS.map((field) => (
          <label key={field.name}>
            {field.title}
            <span><input class="field-box" type="number" step="any" value={ranges[field.name]} onInput={(event) => setRanges({ ...ranges, [field.name]: event.currentTarget.value })} /> Å</span>
          </label>
        ))}
      </div>
      {fault && <p class="cur-fault" role="alert">{fault}</p>}
      {found && (
        <div class="cur-found" role="status">
          <p>
            Defocus <b>{said("defocus_u_A", 1e-4, 2)}</b> and <b>{said("defocus_v_A", 1e-4, 2)} µm</b>, fit to <b>{said("ctf_resolution_A", 1, 2)} Å</b>, score <b>{said("ctf_fom", 1, 3)}</b>
          </p>
          <Radial spectrum={found} resolution={found.values.ctf_resolution_A} label="Radial curves of the new fit" />
        </div>
      )}
      <div class="row">
        <button type="submit" class="button small-button" disabled={busy}>{busy ? "Fitting, some seconds" : "Fit"}</button>
        <button type="button" class="button small-button likely" disabled={!found || busy} onClick={() => found && use(found.values)}>Use</button>
        {choice.fits[name] && <button type="button" class="button small-button" onClick={() => use(null)}>Back to the job's fit</button>}
        <span class="grow" />
        <button type="button" class="button bare small-button" onClick={props.onClose}>Close</button>
      </div>
    </form>
  );
}
