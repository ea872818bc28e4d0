// Where jobs may run: this machine, the queue, run profiles; a test shows the script and what the queue answers.
import { useState } from "preact/hooks";
import { act, useResource, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { attempt } from "../../app/toasts";
import { Broken, Loading } from "../../parts/messages";
import { Icon } from "../../parts/Icon";

export function PlacesPage() {
  const page = useResource<Schema<"PlacesPage">>("places", {}, ["project"]);
  const [tested, setTested] = useState<{ word: string; answer?: Schema<"PlaceAnswer"> }>();
  if (page.problem && !page.data) return <Broken sentence={page.problem.message} />;
  if (!page.data) return <Loading what="Asking for places" />;
  const test = (word: string) => attempt(async () => {
    setTested({ word });
    setTested({ word, answer: await act<Schema<"PlaceAnswer">>("POST", "places/test", { word }) });
  });
  return (
    <div class="settings-rows">
      {page.data.places.map((place) => (
        <section key={place.word} class="card settings-place" aria-label={place.title}>
          <div class="row"><Icon name={place.word === "here" ? "chip" : place.word === "queue" ? "list" : "command"} /><h2 class="grow">{place.title}</h2>
            {mayAct.value && <button type="button" class="button small-button" onClick={() => void test(place.word)}>Test</button>}</div>
          <p class={place.fault ? "state-fail" : "second"}>{place.fault ? `Cannot be reached: ${place.fault}.` : (place.devices ?? []).map((device) => `${device.title}${device.memory_GB ? `, ${Math.round(device.memory_GB)} GB free` : ""}`).join(" · ") || "As its lines say."}</p>
          {tested?.word === place.word && (tested.answer ? (
            <div class="settings-answer" role="status">
              <p><b>{tested.answer.answer}</b></p>
              <p class="small quiet">{tested.answer.of_job ? `What ${tested.answer.of_job} would get there. Nothing was started.` : ""}</p>
              <pre class="mono" tabIndex={0} aria-label="Script">{tested.answer.script}</pre>
            </div>
          ) : <p class="small quiet">Asking</p>)}
        </section>
      ))}
      <h2>Run profiles</h2>
      <p class="second">Command lines that start a job and its workers on other machines, as in cisTEM. $command stands for what is started.</p>
      {page.data.profiles.map((profile) => (
        <section key={profile.name} class="card settings-place" aria-label={`Run profile ${profile.name}`}>
          <div class="row"><h3 class="grow">{profile.name}</h3><span class="small quiet">{profile.kept_in}</span></div>
          <ul>{profile.workers.map((line, i) => <li key={i} class="mono">{line.copies ?? 1} × {line.command}{(line.threads ?? 1) > 1 ? `, ${line.threads} threads` : ""}</li>)}</ul>
        </section>
      ))}
      {mayAct.value && <NewProfile done={page.again} />}
      <p class="small quiet">Profiles are files in {page.data.kept_in.join(" and ")}. Defaults of a queue come from the site's settings, as for RELION.</p>
    </div>
  );
}

function NewProfile({ done }: { done: () => void }) {
  const [name, setName] = useState("");
  const [line, setLine] = useState("ssh node01 $command");
  const [copies, setCopies] = useState(1);
  const save = () => attempt(async () => {
    await act("PUT", `places/profiles/${encodeURIComponent(name.trim())}`, { name: name.trim(), manager: "$command", address: "", workers: [{ command: line, copies, threads: 1, delay_ms: 10 }], kept_in: "" });
    setName("");
    done();
  });
  return (
    <form class="card settings-place settings-new" aria-label="New run profile" onSubmit={(event) => { event.preventDefault(); void save(); }}>
      <h3>New run profile of this project</h3>
      <label>Name<input class="field-box" value={name} required onInput={(event) => setName(event.currentTarget.value)} /></label>
      <label>Line<input class="field-box mono" value={line} required onInput={(event) => setLine(event.currentTarget.value)} /></label>
      <label>Copies<input class="field-box" type="number" min={1} max={1000} value={copies} onInput={(event) => setCopies(Number(event.currentTarget.value) || 1)} /></label>
      <button type="submit" class="button">Save profile</button>
    </form>
  );
}
