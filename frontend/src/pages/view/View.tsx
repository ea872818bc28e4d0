// Any file of the project (RELION's Display): the view that its kind names, else its text, picture, document or bytes; a folder
// as a list. Which of these is shown stands in the address, so that a link shows the other person the same.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { address, useResource, type Schema } from "../../api/client";
import { query, setQuery, to } from "../../app/place";
import { Icon } from "../../parts/Icon";
import { Broken, Loading } from "../../parts/messages";
import { TabPanel, Tabs } from "../../parts/Tabs";
import { VIEWS, type ViewProps } from "../../views/registry";
import { Bytes } from "./Bytes";
import { Folder } from "./Folder";
import { TextLines } from "./TextLines";
import { size, when } from "./fileWords";
import "./view.css";

type Info = Schema<"FileInfo">;

/** The ways a file can be shown, the best first. */
function ways(info: Info): { id: string; title: string }[] {
  if (info.plain === "folder") return [{ id: "folder", title: "Folder" }];
  const found = VIEWS[info.view] ? [{ id: "view", title: "View" }] : [];
  if (info.plain === "picture") found.push({ id: "picture", title: "Picture" });
  if (info.plain === "pdf" || info.plain === "page") found.push({ id: "document", title: "Document" });
  if (info.plain === "text" || info.plain === "page") found.push({ id: "text", title: "Text" });
  return [...found, { id: "bytes", title: "Bytes" }];
}

export default function View() {
  const path = query.value.get("path") ?? "";
  const { data: info, problem } = useResource<Info>("file/info", { path: path || "." });
  if (problem && !info) return <div class="view-page"><h1>{path}</h1><Broken sentence={problem.message}><a class="button" href={to("view")}>Files of the project</a></Broken></div>;
  if (!info) return <Loading what={`looking at ${path}`} />;
  const offered = ways(info);
  const asked = query.value.get("as");
  const shown = offered.find((way) => way.id === asked) ?? offered[0]!;
  return (
    <div class="view-page">
      <header class="view-head">
        <Crumbs path={info.path} />
        <p class="quiet dense row">
          {info.plain !== "folder" && <span>{size(info.bytes)}</span>}
          <span>changed {when(info.changed)}</span>
          {info.job && <a href={to(`job/${info.job.slice(-3)}`)}>{info.job}</a>}
          {info.outside && <span class="cut" title={info.outside}>link to {info.outside}</span>}
        </p>
        {info.plain !== "folder" && (
          <a class="button small-button" href={address("file/raw", { path: info.path, download: true })} download={info.name}>
            <Icon name="download" /> Save file
          </a>
        )}
      </header>
      {offered.length > 1 && <Tabs label="Ways to show this file" tabs={offered} value={shown.id} name="view" onChange={(id) => setQuery({ as: id === offered[0]!.id ? null : id })} />}
      <TabPanel class="view-body" name="view" id={shown.id}>
        <Shown key={`${info.path} ${shown.id}`} way={shown.id} info={info} />
      </TabPanel>
    </div>
  );
}

function Crumbs({ path }: { path: string }) {
  const parts = path.split("/").filter(Boolean);
  return (
    <h1 class="view-crumbs">
      {parts.length ? <a href={to("view")}>Files</a> : <span>Files</span>}
      {parts.map((part, at) => (
        <span key={at}>
          <span class="quiet" aria-hidden="true"> / </span>
          {at < parts.length - 1 ? <a href={to("view", { path: parts.slice(0, at + 1).join("/") })}>{part}</a> : <span class="strong">{part}</span>}
        </span>
      ))}
    </h1>
  );
}

function Shown({ way, info }: { way: string; info: Info }) {
  if (way === "folder") return <Folder path={info.path} />;
  if (way === "view") return <ByKind info={info} />;
  if (way === "text") return <TextLines path={info.path} />;
  if (way === "bytes") return <Bytes path={info.path} bytes={info.bytes} />;
  const raw = address("file/raw", { path: info.path });
  if (way === "picture") return <img class="view-picture" src={raw} alt={info.name} />;
  return (
    <div class="message">
      <p class="second">{info.plain === "pdf" ? "A PDF opens in a tab of its own." : "The page opens in a tab of its own, without scripts."}</p>
      <a class="button likely" href={raw} target="_blank" rel="noopener noreferrer">Open {info.name}</a>
    </div>
  );
}

function ByKind({ info }: { info: Info }) {
  const [drawn, setDrawn] = useState<{ View: ComponentType<ViewProps> }>();
  const [fault, setFault] = useState("");
  useEffect(() => {
    VIEWS[info.view]!().then(
      (module) => setDrawn({ View: module.default }),
      (error: unknown) => setFault(`The view did not load: ${String(error)}. Reload the page.`),
    );
  }, [info.view]);
  if (fault) return <Broken sentence={fault} />;
  if (!drawn) return <Loading what={`reading ${size(info.bytes)}`} height={320} />;
  return <drawn.View path={info.path} kind={info.kind} job={info.job} mode="file" />;
}
