// What a folder of the project holds, as a list that opens.
import { useResource, type Schema } from "../../api/client";
import { to } from "../../app/place";
import { Icon } from "../../parts/Icon";
import { Broken, Empty, Loading } from "../../parts/messages";
import { size, when } from "./fileWords";

export function Folder({ path }: { path: string }) {
  const { data, problem } = useResource<Schema<"FolderPage">>("file/list", { path: path || "." }, ["jobs"]);
  if (problem && !data) return <Broken sentence={problem.message} />;
  if (!data) return <Loading what="looking into the folder" height={320} />;
  if (!data.entries.length) return <Empty title="This folder is empty" why="Hidden files are not listed." />;
  return (
    <div class="view-folder">
      <table class="rows">
        <caption class="hidden-text">{`Files in ${path || "the project"}`}</caption>
        <thead><tr><th scope="col">Name</th><th scope="col" class="number">Size</th><th scope="col">Changed</th></tr></thead>
        <tbody>
          {data.entries.map((entry) => (
            <tr key={entry.name}>
              <td>
                <a class="row view-name" href={to("view", { path: entry.path })}>
                  <Icon name={entry.folder ? "folder" : "file"} />
                  <span class="cut" title={entry.name}>{entry.name}</span>
                  {entry.link && <span class="quiet cut" title={entry.link}>→ {entry.link}</span>}
                </a>
              </td>
              <td class="number">{entry.folder ? "" : size(entry.bytes)}</td>
              <td class="second">{entry.changed ? when(entry.changed) : "not reached"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.left_out > 0 && <p class="quiet view-more">{data.left_out.toLocaleString("en-GB")} more are not listed.</p>}
    </div>
  );
}
