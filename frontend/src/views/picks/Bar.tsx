// Above the micrograph: which one, the tools, undo, done, save.
import { useId } from "preact/hooks";
import { middle } from "../../app/words";
import { Icon } from "../../parts/Icon";
import type { Tool } from "./Canvas";
import type { Desk } from "./usePicks";

interface Props {
  desk: Desk;
  tool: Tool;
  onTool: (tool: Tool) => void;
  brushA: number;
  onBrush: (brush: number) => void;
  mayEdit: boolean;
  busy: boolean;
  answer: boolean;
  onDone: () => void;
  onUndo: () => void;
  onRedo: () => void;
  onSave: () => void;
  onStep: (index: number) => void;
}

const TOOLS: { tool: Tool; title: string; icon: string; key: string; help: string }[] = [
  { tool: "move", title: "Move", icon: "cursor", key: "M", help: "Drag a pick, or the picture; a click marks, Alt and click adds or removes" },
  { tool: "add", title: "Add", icon: "plus", key: "P", help: "A click adds a pick" },
  { tool: "remove", title: "Remove", icon: "minus", key: "D", help: "A click removes a pick" },
  { tool: "erase", title: "Erase", icon: "eraser", key: "E", help: "Drag over picks to remove them" },
];

export function Bar(props: Props) {
  const { desk } = props;
  const { history } = desk.draft;
  const brush = useId();
  const done = desk.edits.get(desk.row.name)?.done ?? false;
  const name = desk.row.name.split("/").pop() ?? desk.row.name;
  return (
    <div class="picks-bar" role="toolbar" aria-label="Picking">
      <button type="button" class="button small-button icon-only" title="Previous micrograph (,)" aria-label="Previous micrograph" disabled={desk.index === 0} onClick={() => props.onStep(desk.index - 1)}><Icon name="left" /></button>
      <button type="button" class="button small-button icon-only" title="Next micrograph (.)" aria-label="Next micrograph" disabled={desk.index === desk.list.rows.length - 1} onClick={() => props.onStep(desk.index + 1)}><Icon name="right" /></button>
      <span class="picks-name" title={desk.row.name}><b>{middle(name, 30)}</b> <span class="quiet">{desk.index + 1} of {desk.list.rows.length}</span></span>
      {props.mayEdit && (
        <>
          <button type="button" class="button small-button icon-only bare" title={`Undo${history.last ? `: ${history.last.title}` : ""} (Ctrl Z)`} aria-label="Undo" disabled={!history.canUndo} onClick={props.onUndo}><Icon name="undo" /></button>
          <button type="button" class="button small-button icon-only bare" title="Do again (Ctrl Shift Z)" aria-label="Do again" disabled={!history.canRedo} onClick={props.onRedo}><Icon name="redo" /></button>
          <button type="button" class="button small-button" aria-pressed={done} title="Done with this micrograph, on to the next (Space)" onClick={props.onDone}><Icon name="check" />{done ? "Not done" : "Done"}</button>
          <button type="button" class="button likely small-button" disabled={props.busy} title={props.answer ? "Answer the job with these picks; it runs (S)" : "Make a manual picking job of these picks, which runs at once (S)"} onClick={props.onSave}>Save <kbd>S</kbd></button>
          <div class="picks-tools">
            <div class="segments" role="group" aria-label="Tools">
              {TOOLS.map((one) => (
                <button type="button" key={one.tool} aria-pressed={props.tool === one.tool} title={`${one.help} (${one.key})`} onClick={() => props.onTool(one.tool)}><Icon name={one.icon} />{one.title}</button>
              ))}
            </div>
            {props.tool === "erase" && (
              <label class="picks-brush" for={brush}>Brush
                <input id={brush} type="range" min={20} max={Math.max(400, props.brushA)} step={10} value={props.brushA} aria-valuetext={`${props.brushA} Å`} onInput={(event) => props.onBrush(Number(event.currentTarget.value))} />
                <output>{props.brushA} Å</output>
              </label>
            )}
            {props.tool !== "erase" && <span class="small quiet cut">{TOOLS.find((one) => one.tool === props.tool)?.help}</span>}
          </div>
        </>
      )}
    </div>
  );
}
