// RELION's menus File, Jobs and Schemes by RELION's words, under the project's name; each act is in the palette too.
import { act } from "../api/client";
import { Menu, type Act } from "../parts/Menu";
import { mayAct, project, readJobs } from "./data";
import { jobOrder } from "./folds";
import { go, projectName, to } from "./place";
import { attempt, say } from "./toasts";

const CHANGING = /^(Empty Trash|Undelete|Gently|Harshly)/;

interface Done {
  sentence: string;
}

function done(page: string, body?: unknown): () => void {
  return () => void attempt(async () => {
    const said = await act<Done>("POST", page, body ?? {});
    say(said.sentence);
    await readJobs();
  });
}

/** Everything that RELION's menu bar offers for a project. */
export function projectActs(): Act[] {
  const may = mayAct.value;
  const all: (Act & { acts?: boolean })[] = [
    { group: "File", title: "Display…", icon: "eye", to: to("view") },
    { title: "Edit project note", icon: "edit", run: () => go(to("", { edit: "note" })), acts: true },
    { title: "Print all notes", icon: "print", to: to("notes") },
    { title: "Remake .Nodes/", icon: "again", run: done("project/remake-nodes"), acts: true },
    { title: "Re-read the pipeline", icon: "again", run: () => void readJobs().then(() => say("The pipeline was read again")) },
    { title: "Empty Trash…", icon: "trash", to: to("disk", { show: "trash" }) },
    { title: "Take away the lock", icon: "lock", run: done("project/unlock"), acts: true },
    { title: "Show initial screen", icon: "home", to: to("start") },
    { title: "About and doctor", icon: "info", to: to("settings/about") },
    { group: "Jobs", title: "Order chronologically", chosen: jobOrder.value === "time", run: () => (jobOrder.value = "time") },
    { title: "Order alphabetically", chosen: jobOrder.value === "name", run: () => (jobOrder.value = "name") },
    { title: "Order by type", chosen: jobOrder.value === "type", run: () => (jobOrder.value = "type") },
    { title: "Activity and undo", icon: "undo", to: to("activity") },
    { title: "Undelete job(s)…", icon: "undo", to: to("disk", { show: "trash" }) },
    { title: "Gently clean all jobs…", icon: "clean", to: to("disk", { clean: "gentle" }) },
    { title: "Harshly clean all jobs…", icon: "clean", to: to("disk", { clean: "harsh" }) },
    { title: "Flow chart", icon: "graph", to: to("", { view: "tree" }) },
    { title: "Disk and Trash", icon: "disk", to: to("disk") },
    { group: "Schemes", title: "Run scheduled jobs", icon: "run", run: done("project/run-scheduled"), acts: true },
    { title: "Stop running scheduled jobs", icon: "stop", run: done("project/stop-scheduled"), acts: true },
    { title: "Schemes", icon: "scheme", to: to("schemes"), ...(may ? {} : { group: "Schemes" }) },
  ];
  // Who may only look is shown no acts.
  return all.filter((one) => may || !(one.acts || CHANGING.test(one.title)));
}

export function ProjectMenu() {
  const name = project.value?.name ?? decodeURIComponent(projectName.value);
  return (
    <Menu title={`Project ${name}: File, Jobs, Schemes`} acts={projectActs()} align="left" kind="button bare frame-project">
      <b class="cut">{name}</b><span class="hidden-text">, menu</span>
      <svg class="icon frame-caret" viewBox="0 0 16 16" aria-hidden="true"><path d="M4 6.5 8 10l4-3.5" /></svg>
    </Menu>
  );
}
