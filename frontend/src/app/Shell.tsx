// The frame around every page: it finds the page of the address, loads it, and gives it its place beside rail and job list.
import { useEffect, useState } from "preact/hooks";
import type { ComponentType } from "preact";
import { connected } from "../api/events";
import { Announce } from "./Announce";
import { Broken } from "../parts/messages";
import { beginData, byNumber, mayAct, project } from "./data";
import { homeListFold, inspectorFold, listFold, presentJob, railFold, toggle, toolListFold } from "./folds";
import { waiting } from "./Inbox";
import { JobList, toPresent } from "./JobList";
import { useKeys } from "./keys";
import { lazy } from "./lazy";
import { Lost } from "./Lost";
import { keysOpen, paletteOpen } from "./open";
import { PAGES, type PageEntry, type PageProps } from "./pages";
import { followLinks, go, path, root, to } from "./place";
import { Rail } from "./Rail";
import { Toasts, undoLatest } from "./toasts";
import { TopBar } from "./TopBar";
import { narrow } from "./width";
import "./frame.css";
import "./list.css";

interface Found {
  entry: PageEntry;
  params: Record<string, string>;
}

function find(rest: string): Found | null {
  for (const entry of PAGES) {
    const match = entry.pattern.exec(rest);
    if (match) {
      const said = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value ?? "")]);
      return { entry, params: Object.fromEntries(said) };
    }
  }
  return null;
}

const loaded = new Map<PageEntry, ComponentType<PageProps>>();
const Palette = lazy(() => import("./Palette"));
const KeysHelp = lazy(() => import("./KeysHelp"));
const Glance = lazy(() => import("../pages/glance/Glance"));

function useGlobalKeys(fold: { value: "open" | "folded" }): void {
  useKeys({
    "Ctrl+k": { title: "Jobs, files, commands", run: () => (paletteOpen.value = "all"), inFields: true },
    "?": { title: "Keys of this page", run: () => (keysOpen.value = true) },
    "/": { title: "Find a job type, or filter the list in view", run: findHere },
    ...(mayAct.value ? { n: { title: "New job", run: () => void (paletteOpen.value = "types") } } : {}),
    t: { title: "Back to the present job", run: () => void (toPresent() || (presentJob.value && go(to(`job/${presentJob.value}`)))) },
    "g h": { title: "Home", run: () => go(to("")) },
    "g j": { title: "Job list", run: () => toList(fold) },
    "g l": { title: "Live session", run: () => go(to("live")) },
    "g d": { title: "Disk", run: () => go(to("disk")) },
    "g s": { title: "Settings", run: () => go(to("settings/look")) },
    "[": { title: "Fold or show the job list", run: () => toggle(fold) },
    "]": { title: "Fold or show the inspector", run: () => toggle(inspectorFold) },
    "Ctrl+z": { title: "Undo", run: () => void undoLatest() },
  }, "Everywhere");
}

function findHere(): void {
  const here = document.querySelector<HTMLElement>("main [data-find], main input[type=search]") ?? document.querySelector<HTMLElement>("#find-type");
  if (here) here.focus();
  else paletteOpen.value = "types";
}

function toList(fold: { value: "open" | "folded" }): void {
  fold.value = "open";
  setTimeout(() => document.querySelector<HTMLElement>("a.frame-job[tabindex='0']")?.focus(), 0);
}

export function Shell() {
  const rest = path.value.slice(root.value.length);
  const found = find(rest);
  const [, drawn] = useState(0);
  const [fault, setFault] = useState<string>();
  const entry = found?.entry;
  const frame = entry?.frame ?? "mini";
  const home = frame === "full";
  const fold = home ? homeListFold : frame === "tool" ? toolListFold : listFold;
  useGlobalKeys(fold);
  useEffect(() => {
    beginData();
    addEventListener("click", followLinks);
    return () => removeEventListener("click", followLinks);
  }, []);
  useEffect(() => {
    setFault(undefined);
    if (!entry || loaded.has(entry)) return;
    entry.load().then(
      (module) => {
        loaded.set(entry, module.default);
        drawn((n) => n + 1);
      },
      (error: unknown) => setFault(`The page did not load: ${String(error)}. Reload it.`),
    );
  }, [entry]);
  const number = /^\/job\/([^/]+)/.exec(rest)?.[1]?.replace(/^job/, "").padStart(3, "0") ?? "";
  const job = byNumber.value.get(number);
  useEffect(() => {
    if (job) presentJob.value = number;
  }, [number, Boolean(job)]);
  const count = waiting();
  const title = [job ? `${job.title} job${job.number}` : "", project.value?.name ?? "", "vitreous"].filter(Boolean).join(" · ");
  useEffect(() => void (document.title = `${count ? `(${count}) ` : ""}${title}`), [count, title]);

  const Page = entry && loaded.get(entry);
  const page = !found ? <><h1 class="hidden-text">No such page</h1><Broken sentence={`There is no page ${path.value}.`}><a class="button" href={to("")}>Home</a></Broken></>
    : fault ? <Broken sentence={fault} />
    : home && narrow.value ? <Glance />
    : Page ? <Page params={found.params} /> : null;
  if (frame === "none") return <><Lost /><main id="page" class="frame-bare" tabIndex={-1}>{page}</main><Toasts /></>;
  const list = !narrow.value && fold.value === "open";
  return (
    <div class={`frame frame-${frame}`}>
      <a class="frame-skip" href="#page" onClick={(event) => { event.preventDefault(); document.getElementById("page")?.focus(); }}>Skip to the page</a>
      {!connected.value && <Lost />}
      <TopBar />
      <div class="frame-body">
        {!narrow.value && (mayAct.value || !project.value) && <Rail mini={!home || railFold.value === "folded"} home={home} />}
        {!home && list && <aside class="frame-aside left"><JobList /></aside>}
        <main id="page" tabIndex={-1}>{page}</main>
        {home && list && <aside class="frame-aside right"><JobList home /></aside>}
      </div>
      {paletteOpen.value && <Palette />}
      {keysOpen.value && <KeysHelp />}
      <Announce />
      <Toasts />
    </div>
  );
}
