// The top bar: where one is, the palette, the load of the fullest place, free disk, inbox, theme.
import { Icon } from "../parts/Icon";
import { byNumber, machine } from "./data";
import { Inbox } from "./Inbox";
import { paletteOpen } from "./open";
import { path, root, to } from "./place";
import { ProjectMenu } from "./ProjectMenu";
import { setTheme, theme } from "./theme";
import { percent, size } from "./words";

const PAGES: Record<string, string> = { disk: "Disk", settings: "Settings", live: "Live session", schemes: "Schemes", compare: "Compare", table: "Table", view: "Display", glance: "Glance", notes: "Notes", new: "New job" };

/** What the address shows, after the project: a job, or a page. */
function Here() {
  const [first = "", second = ""] = path.value.slice(root.value.length + 1).split("/");
  const job = first === "job" ? byNumber.value.get(decodeURIComponent(second).replace(/^job/, "").padStart(3, "0")) : undefined;
  const title = job ? job.title : (PAGES[first] ?? "");
  if (!title) return null;
  return <><Icon name="right" size={11} /><b class="cut frame-here" title={title}>{title}</b>{job && <span class="small quiet">job{job.number}</span>}</>;
}

export function TopBar() {
  return (
    <header class="frame-top">
      <a class="frame-logo" href={to("")} aria-label="vitreous, home of the project">
        <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M10 1.2 17.8 5.6v8.8L10 18.8 2.2 14.4V5.6z" fill="none" stroke="currentColor" stroke-width="1.5" />
          <path d="M10 1.2v8.6m0 0 7.8 4.6M10 9.8l-7.8 4.6" stroke="currentColor" stroke-width="1.1" opacity=".55" />
          <circle cx="10" cy="9.8" r="2.6" fill="currentColor" />
        </svg>
        <span class="frame-logo-word">vitreous</span>
      </a>
      <nav class="frame-crumb grow" aria-label="You are here"><ProjectMenu /><Here /></nav>
      <button type="button" class="frame-find" onClick={() => (paletteOpen.value = "all")} aria-label="Jobs, files, commands Ctrl K">
        <Icon name="find" /><span class="grow frame-find-words">Jobs, files, commands</span>{" "}<kbd>Ctrl K</kbd>
      </button>
      <Load />
      <Inbox />
      <button type="button" class="button bare icon-only" aria-label={theme.value === "dark" ? "Light theme" : "Dark theme"} title={theme.value === "dark" ? "Light theme" : "Dark theme"} onClick={() => setTheme(theme.value === "dark" ? "light" : "dark")}><Icon name="theme" /></button>
    </header>
  );
}

function Load() {
  const now = machine.value;
  if (!now) return null;
  const fullest = now.gpus.reduce<{ name: string; load: number } | undefined>((most, gpu) => (!most || gpu.load > most.load ? { name: "GPU", load: gpu.load } : most), undefined) ?? { name: "CPU", load: now.cpu };
  const disk = now.disk === "ok" ? "" : now.disk === "low" ? "state-ask" : "state-fail";
  return (
    <>
      <span class="frame-meter" title={`${fullest.name} of this machine`}>{fullest.name} <span class="bar" aria-hidden="true"><i style={{ width: percent(fullest.load) }} /></span> {percent(fullest.load)}</span>
      <a class={`frame-meter ${disk}`} href={to("disk")} title="Free space of the project's disk"><Icon name="disk" />{size(now.disk_free_GB)} free</a>
    </>
  );
}
