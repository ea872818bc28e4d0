// Read-only links: made with an end, listed, taken back at once. The address is told once.
import { useState } from "preact/hooks";
import { act, useResource, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { attempt, say } from "../../app/toasts";
import { when } from "../../app/words";
import { Broken, Empty, Loading } from "../../parts/messages";

type ShareRow = Schema<"ShareRow">;

export function SharingPage() {
  const shares = useResource<ShareRow[]>(mayAct.value ? "shares" : "");
  const [label, setLabel] = useState("");
  const [days, setDays] = useState(7);
  const [made, setMade] = useState("");
  if (!mayAct.value) return <Empty title="Links are given by those who may act" why="This window may only look." />;
  if (shares.problem && !shares.data) return <Broken sentence={shares.problem.message} />;
  const make = () => attempt(async () => {
    const row = await act<Schema<"ShareMade">>("POST", "shares", { label, days });
    setMade(location.origin + row.address);
    setLabel("");
    shares.again();
  });
  const revoke = (id: string) => attempt(async () => {
    await act("DELETE", `shares/${id}`);
    say("The link does not work any more");
    shares.again();
  });
  return (
    <div class="settings-rows">
      <p class="second">Who has a link sees this project, its pictures and numbers, and can do nothing. The machine must be reachable for them, as by ssh -L.</p>
      <form class="card settings-place settings-new" aria-label="New link" onSubmit={(event) => { event.preventDefault(); void make(); }}>
        <label>For whom<input class="field-box" value={label} maxLength={200} onInput={(event) => setLabel(event.currentTarget.value)} /></label>
        <label>Holds for (days)<input class="field-box" type="number" min={1} max={366} value={days} onInput={(event) => setDays(Number(event.currentTarget.value) || 7)} /></label>
        <button type="submit" class="button">Make link</button>
      </form>
      {made && (
        <div class="card settings-place" role="status">
          <p><b>Copy it now; it is not told again.</b></p>
          <p class="mono settings-link">{made}</p>
          <button type="button" class="button small-button" onClick={() => void navigator.clipboard.writeText(made).then(() => say("Copied"), () => say("Copying is not allowed here; mark the address and copy it"))}>Copy</button>
        </div>
      )}
      {!shares.data ? <Loading what="Reading the links" height={60} /> : !shares.data.length ? <p class="quiet">No link holds now.</p> : (
        <table class="rows">
          <thead><tr><th>For</th><th>Made</th><th>Ends</th><th><span class="hidden-text">Act</span></th></tr></thead>
          <tbody>{shares.data.map((share) => <tr key={share.id}><td class="cut">{share.label || "nobody named"}</td><td>{when(share.made)}</td><td>{when(share.ends)}</td><td class="number"><button type="button" class="button small-button" onClick={() => void revoke(share.id)}>Take back</button></td></tr>)}</tbody>
        </table>
      )}
    </div>
  );
}
