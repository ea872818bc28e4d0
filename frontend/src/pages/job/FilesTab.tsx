// The files of a job as a tree, with sizes and kinds; those that other jobs take lead to them.
import { useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { go, to } from "../../app/place";
import { say, sayError } from "../../app/toasts";
import { when, whole } from "../../app/words";
import { Icon } from "../../parts/Icon";
import { Broken, Empty, Loading } from "../../parts/messages";
import { Tree, type TreeNode } from "../../parts/Tree";
import { bytes } from "./jobActs";

type FileRow = Schema<"FileRow">;

function node(row: FileRow, open: boolean): TreeNode {
  const left = row.left_out ? `, ${whole(row.left_out)} not listed` : "";
  return {
    id: row.path,
    title: row.link_to ? `${row.name} → ${row.link_to}` : row.name,
    before: <Icon name={row.folder ? "folder" : row.output ? "star" : "file"} />,
    after: (
      <>
        {row.used_by.length > 0 && <span>used in {row.used_by.slice(0, 2).map((user, at) => <span key={user.number}>{at > 0 && ", "}<a href={to(`job/${user.number}`)} tabIndex={-1} onClick={(event) => event.stopPropagation()}>{user.title}</a></span>)}</span>}
        <span class="files-kind">{row.folder ? `${whole(row.files)} files${left}` : row.kind}</span>
        <span class="files-when">{row.changed_s ? when(row.changed_s) : ""}</span>
        <span class="files-size">{bytes(row.bytes)}</span>
      </>
    ),
    href: row.folder ? undefined : to("view", { path: row.path }),
    children: row.folder ? row.children.map((child) => node(child, false)) : undefined,
    open,
  };
}

export function FilesTab({ job }: { job: Schema<"Job"> }) {
  const found = useResource<FileRow>(`jobs/${job.number}/files`, {}, [`job:${job.number}`]);
  const [at, setAt] = useState<TreeNode>();
  if (found.problem && !found.data) return <Broken sentence={found.problem.message} />;
  if (!found.data) return <Loading what="listing the files" />;
  if (!job.folder) return <Empty title="No files" why={`The folder ${job.name} is not on disk. Bring it back from a backup, or from the Trash.`}><a class="button" href={to("disk", { show: "trash" })}>Trash</a></Empty>;
  const path = at?.id ?? found.data.path;
  const copy = (): void => void navigator.clipboard.writeText(path).then(() => say(`Copied ${path}`), () => sayError(`The browser did not let it be copied: ${path}`));
  return (
    <div class="files">
      <div class="files-bar">
        <span class="mono grow cut" title={path}>{path}</span>
        <button type="button" class="button small-button" onClick={copy}><Icon name="copy" />Copy path</button>
        <span class="quiet small">{whole(found.data.files)} files, {bytes(found.data.bytes)}</span>
      </div>
      <div class="files-tree card"><Tree key={job.number} label={`Files of ${job.name}`} nodes={found.data.children.map((row) => node(row, false))} onFocus={setAt} onOpen={(one) => one.href && go(one.href)} /></div>
    </div>
  );
}
