// The picks editor: micrographs at the left, the one in view in the middle, limits and look at the right; every stroke is kept.
import { useEffect, useRef, useState } from "preact/hooks";
import { mayAct } from "../../app/data";
import { useKeys, type Keys } from "../../app/keys";
import { go, query, setQuery, to } from "../../app/place";
import { say, sayError } from "../../app/toasts";
import { useResource, type Schema } from "../../api/client";
import { Broken, Loading } from "../../parts/messages";
import { look, setLook } from "../../parts/pictureLook";
import type { PictureHandle } from "../../parts/Picture";
import type { ViewProps } from "../registry";
import { Canvas, type Tool } from "./Canvas";
import { List } from "./List";
import { savePicks } from "./save";
import { Side } from "./Side";
import { setDone, setLimit } from "./strokes";
import { Bar } from "./Bar";
import { usePicks, type Desk, type Source } from "./usePicks";
import "./picks.css";

const LAST_TOOL = "vitreous.picks.tool";

export default function Picks(props: ViewProps) {
  const number = /job(\d{3,})/.exec(props.job)?.[1] ?? "";
  const question = useResource<Schema<"Question">>(props.mode === "answer" ? `jobs/${number}/question` : "");
  if (props.mode !== "answer") return <Loaded {...props} source={{ path: props.path, micrographs: "", job: number }} />;
  if (question.problem) return <Broken sentence={question.problem.message} />;
  if (!question.data) return <Loading what="Reading the question" height={420} />;
  const values = question.data.values;
  const diameter = typeof values.diameter_A === "number" ? values.diameter_A : undefined;
  return <Loaded {...props} source={{ path: String(values.start_from ?? ""), micrographs: String(values.micrographs ?? ""), job: number }} diameter={diameter} />;
}

function Loaded(props: ViewProps & { source: Source; diameter?: number | undefined }) {
  const asked = Number(query.value.get("micrograph") ?? 1) - 1;
  const { desk, problem } = usePicks(props.source, Number.isFinite(asked) ? asked : 0);
  if (problem && !desk) return <Broken sentence={problem} />;
  if (!desk || !desk.draft.ready) return <Loading what="Reading the picks" height={420} />;
  return <Editor {...props} desk={desk} />;
}

function Editor(props: ViewProps & { source: Source; desk: Desk; diameter?: number | undefined }) {
  const { desk, source } = props;
  const { draft, list } = desk;
  const mayEdit = mayAct.value && Boolean(source.job) && !draft.fault.includes("may only look");
  const [tool, setTool] = useState<Tool>((localStorage.getItem(LAST_TOOL) as Tool | null) ?? "move");
  const [brushA, setBrush] = useState(Math.round(Math.max(props.diameter ?? list.diameter_A, 20)));
  const [diameterA, setDiameter] = useState(props.diameter ?? list.diameter_A);
  const [byScore, setByScore] = useState(false);
  const [hideOut, setHideOut] = useState(false);
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const [spoken, speak] = useState("");
  const [busy, setBusy] = useState(false);
  const handle = useRef<PictureHandle | null>(null);
  useEffect(() => setMarked(new Set()), [desk.row.name]);

  const choose = (one: Tool) => {
    setTool(one);
    localStorage.setItem(LAST_TOOL, one);
  };
  const goTo = (index: number) => setQuery({ micrograph: Math.min(Math.max(index, 0), list.rows.length - 1) + 1 });
  const here = desk.picks?.filter((pick) => pick.kept).length ?? 0;
  const tell = (words: string) => speak(words);
  const undo = () => tell(`Undone: ${draft.undo()?.title ?? "nothing"}`);
  const redo = () => tell(`Done again: ${draft.redo()?.title ?? "nothing"}`);
  const done = () => {
    const now = !(desk.edits.get(desk.row.name)?.done ?? false);
    setDone(draft, desk.row.name, now);
    if (now) goTo(desk.index + 1);
  };
  const step = (direction: number, fine: boolean) => {
    const [low, high] = desk.range;
    if (high <= low) return;
    const next = (desk.limits.least ?? low) + (direction * (high - low)) / (fine ? 200 : 40);
    setLimit(draft, "least", next <= low ? null : Number(Math.min(next, high).toPrecision(4)));
  };
  const save = async () => {
    if (busy || !mayEdit) return;
    setBusy(true);
    try {
      const made = await savePicks(desk, source, props.mode, diameterA);
      if (props.mode === "answer") go(to(`job/${made}`));
      else say(`Saved as manual picking job ${made}, which runs`, { link: { title: "Open it", to: to(`job/${made}`) } });
    } catch (error) {
      sayError(error);
    }
    setBusy(false);
  };
  const keys: Keys = {
    ",": { title: "Previous micrograph", run: () => goTo(desk.index - 1) },
    ".": { title: "Next micrograph", run: () => goTo(desk.index + 1) },
    z: { title: "Zoom in", run: () => handle.current?.zoom(1.25) },
    "Shift+z": { title: "Zoom out", run: () => handle.current?.zoom(0.8) },
    f: { title: "Fit the micrograph", run: () => handle.current?.fit() },
    "0": { title: "One pixel to one", run: () => handle.current?.oneToOne() },
    i: { title: "Invert the picture", run: () => setLook({ invert: !look.value.invert }) },
  };
  if (mayEdit)
    Object.assign(keys, {
      m: { title: "Move tool", run: () => choose("move") },
      p: { title: "Add tool", run: () => choose("add") },
      d: { title: "Remove tool", run: () => choose("remove") },
      e: { title: "Erase tool", run: () => choose("erase") },
      "-": { title: "Threshold down", run: () => step(-1, false) },
      "=": { title: "Threshold up", run: () => step(1, false) },
      "_": { title: "Threshold down, finely", run: () => step(-1, true) },
      "+": { title: "Threshold up, finely", run: () => step(1, true) },
      Space: { title: "Done with this micrograph, on to the next", run: done },
      "Ctrl+z": { title: "Undo", run: undo },
      "Ctrl+Shift+z": { title: "Do again", run: redo },
      "Ctrl+y": { title: "Do again", run: redo },
      s: { title: "Save the picks", run: () => void save() },
    });
  useKeys(keys, "Picks");

  return (
    <div class="picks">
      {props.mode === "answer" && <h1 class="hidden-text">Manual picking, job {source.job}</h1>}
      <List desk={desk} onAt={goTo} />
      <div class="picks-middle">
        <Bar desk={desk} tool={tool} onTool={choose} brushA={brushA} onBrush={setBrush} mayEdit={mayEdit} busy={busy} onDone={done} onUndo={undo} onRedo={redo} onSave={() => void save()} onStep={goTo} answer={props.mode === "answer"} />
        {desk.fault && <p class="picks-note" role="alert">{desk.fault}</p>}
        {(draft.fault || draft.note) && <p class="picks-note" role="alert">{draft.fault || draft.note}</p>}
        <div class="picks-well">
          <Canvas desk={desk} tool={mayEdit ? tool : "move"} brushA={brushA} diameterA={diameterA} byScore={byScore} range={desk.range} hideOut={hideOut} marked={marked} onMarked={setMarked} mayEdit={mayEdit} handle={handle} say={tell} />
        </div>
        <p class="hidden-text" aria-live="polite">{spoken && `${spoken}. ${here} picks here.`}</p>
      </div>
      <Side desk={desk} diameterA={diameterA} onDiameter={setDiameter} byScore={byScore} onByScore={setByScore} hideOut={hideOut} onHideOut={setHideOut} mayEdit={mayEdit} />
    </div>
  );
}
