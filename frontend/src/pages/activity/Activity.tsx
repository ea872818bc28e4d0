// What was done in this project through its windows, by anybody, the newest first; with Undo as long as there is a way back.
import { useResource, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { to } from "../../app/place";
import { when } from "../../app/words";
import { Icon } from "../../parts/Icon";
import { Broken, Empty, Loading } from "../../parts/messages";
import { doAct } from "../job/jobActs";
import "./activity.css";

type Act = Schema<"Act">;
const ICONS: Record<string, string> = { delete: "trash", clean: "clean", alias: "tag", note: "note", mark: "check", protect: "shield", schedule: "clock", abort: "stop", continue: "run", close: "check", restore: "undo", empty: "trash" };

export default function Activity() {
  const found = useResource<Act[]>("activity", {}, ["jobs", "trash", "project"]);
  return (
    <div class="activity">
      <h1>Activity</h1>
      <p class="second">What was done through this window or another on this project. Acts of the command line do not stand here; deleted jobs can be put back from the <a href={to("disk", { show: "trash" })}>Trash</a> whoever deleted them.</p>
      {found.problem && !found.data && <Broken sentence={found.problem.message} />}
      {!found.data && !found.problem && <Loading what="reading the journal" />}
      {found.data?.length === 0 && <Empty title="Nothing was done yet" why="Deleting, cleaning, naming, notes and marks stand here, and can be undone." />}
      {!!found.data?.length && <ol class="card activity-list">{found.data.map((act) => <Line key={act.ref} act={act} again={found.again} />)}</ol>}
    </div>
  );
}

function Line({ act, again }: { act: Act; again: () => void }) {
  const job = act.jobs.length === 1 ? /job(\d{3,})$/.exec(act.jobs[0]!)?.[1] : undefined;
  return (
    <li class={`activity-line ${act.undone_s ? "undone" : ""}`}>
      <Icon name={ICONS[act.act] ?? "info"} />
      <span class="grow activity-words">{job ? <a href={to(`job/${job}`)}>{upper(act.sentence)}</a> : upper(act.sentence)}</span>
      <span class="quiet small">{when(act.when_s)}</span>
      <span class="activity-undo">
        {act.undone_s ? <span class="quiet small">undone {when(act.undone_s)}</span> : act.can_undo && mayAct.value ? <button type="button" class="button small-button" aria-label={`Undo: ${act.sentence}`} onClick={() => void doAct("POST", `undo/${act.ref}`).then(again)}><Icon name="undo" />Undo</button> : null}
      </span>
    </li>
  );
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
