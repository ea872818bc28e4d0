// Versions, devices and the project's disk; a report to copy, without secrets.
import { useResource, type Schema } from "../../api/client";
import { machine, types } from "../../app/data";
import { say } from "../../app/toasts";
import { size, span } from "../../app/words";
import { Broken, Loading } from "../../parts/messages";
import { Icon } from "../../parts/Icon";

export function About() {
  const about = useResource<Schema<"About">>("about");
  if (about.problem && !about.data) return <Broken sentence={about.problem.message} />;
  if (!about.data) return <Loading what="Looking at this machine" />;
  const said = about.data;
  const disk = machine.value;
  const checks: [boolean, string][] = [
    [said.devices.some((device) => device.startsWith("GPU")), said.devices.some((device) => device.startsWith("GPU")) ? "GPUs are seen by their driver." : "No GPU is seen here: jobs run on the processors, or in a queue."],
    [disk?.disk !== "full" && disk?.disk !== "low", disk ? `${size(disk.disk_free_GB)} of ${size(disk.disk_total_GB)} are free on the project's disk.` : "The disk was not looked at yet."],
    [!Object.keys(types.value?.missing ?? {}).length, Object.entries(types.value?.missing ?? {}).map(([path, why]) => `${path}: ${why}`).join("; ") || "All job types were loaded, plugged-in ones too."],
    [!/not known/.test(said.file_system), `The project lies on ${said.file_system}.`],
    [typeof WebGL2RenderingContext !== "undefined", typeof WebGL2RenderingContext === "undefined" ? "This browser has no WebGL: maps show as slices and projections." : "This browser can draw surfaces (WebGL)."],
  ];
  const lines = [`vitreous ${said.versions["vitreous"] ?? ""}`, ...Object.entries(said.versions).map(([name, release]) => `${name} ${release}`), ...said.devices, `disk: ${said.file_system}`, `browser: ${navigator.userAgent}`, ...checks.map(([well, text]) => `${well ? "well" : "look"}: ${text}`)];
  return (
    <div class="settings-rows">
      <section class="card settings-place" aria-label="Doctor">
        <ul>{checks.map(([well, text]) => <li key={text} class="row settings-check"><span class={well ? "state-done" : "state-ask"}><Icon name={well ? "check" : "info"} /></span><span>{text}</span></li>)}</ul>
      </section>
      <section class="card settings-place" aria-label="This window">
        <dl class="settings-facts">
          {said.host && <><dt>Machine</dt><dd>{said.host}</dd></>}
          {said.path && <><dt>Project</dt><dd class="mono">{said.path}</dd></>}
          <dt>Open for</dt><dd>{span(said.up_s)}</dd>
          <dt>Devices</dt><dd>{said.devices.join(" · ")}</dd>
        </dl>
      </section>
      <table class="rows settings-versions"><thead><tr><th>Part</th><th>Release</th></tr></thead><tbody>{Object.entries(said.versions).map(([name, release]) => <tr key={name}><td>{name}</td><td class="mono">{release}</td></tr>)}</tbody></table>
      <button type="button" class="button settings-report" onClick={() => void navigator.clipboard.writeText(lines.join("\n")).then(() => say("The report is copied"), () => say("Copying is not allowed here"))}><Icon name="copy" />Copy report</button>
    </div>
  );
}
