// Focus sphere and mask: shapes in order, their places in Å from the first voxel, the soft edge, a preview, and the job that makes the mask.
import { useState } from "preact/hooks";
import { Icon } from "../../parts/Icon";
import { Menu } from "../../parts/Menu";
import type { Vec3 } from "./grid";
import { figure, type Info, type Layer } from "./layers";
import { boxAt, centred, isPlaced, isWhole, placeOf, regionAt, sphereAt, titleOf, type Answer, type Shape } from "./shapes";

export interface MaskHand {
  answer: Answer;
  selected: number;
  select: (n: number) => void;
  /** A step of the history. */
  step: (title: string, answer: Answer) => void;
  undo: () => void;
  redo: () => void;
  canUndo: boolean;
  canRedo: boolean;
  preview: boolean;
  setPreview: (on: boolean) => void;
  snap: () => void;
  save: () => void;
  /** Empty, or why it cannot be saved now. */
  why: string;
  saving: boolean;
  /** The answer to a waiting job, rather than a new job. */
  answering: boolean;
}

interface Props {
  hand: MaskHand;
  info: Info;
  layer: Layer;
  cross: Vec3;
}

export function MaskPanel({ hand, info, layer, cross }: Props) {
  const { answer, selected } = hand;
  const shape = answer.shapes[selected];
  const box_A = Math.max(...info.shape) * info.voxel_A;
  const add = (title: string, made: Shape) => {
    hand.step(title, { ...answer, shapes: [...answer.shapes, made] });
    hand.select(answer.shapes.length);
  };
  const put = (title: string, changed: Shape) => hand.step(title, { ...answer, shapes: answer.shapes.map((one, n) => (n === selected ? changed : one)) });
  const acts = [
    { title: "Sphere at the cross", hint: "O", run: () => add("Place sphere", sphereAt(cross, box_A)) },
    { title: "Box at the cross", run: () => add("Place box", boxAt(cross, box_A)) },
    { title: "Region above the threshold", run: () => add("Add region", regionAt(layer.level)) },
  ];
  const only = answer.shapes.length === 1 && answer.shapes[0]!.shape === "sphere";
  return (
    <section class="volume-section" aria-label="Focus sphere and mask">
      <div class="row volume-mask-head">
        <h2 class="grow">{only ? "Focus sphere" : "Mask"}</h2>
        <button type="button" class="button bare small-button icon-only" aria-label="Undo" disabled={!hand.canUndo} onClick={hand.undo}><Icon name="undo" /></button>
        <button type="button" class="button bare small-button icon-only" aria-label="Redo" disabled={!hand.canRedo} onClick={hand.redo}><Icon name="redo" /></button>
        <Menu title="Place" kind="button small-button" acts={acts}><Icon name="plus" /> Place</Menu>
        <button type="button" class="button small-button likely" disabled={!isWhole(answer) || !!hand.why || hand.saving} title={hand.why} onClick={hand.save}>{hand.answering ? "Save answer" : "Save as mask"}</button>
      </div>
      {!answer.shapes.length && <p class="small quiet">Nothing placed yet. <kbd>O</kbd> puts a sphere at the cross; drag it in a slice.</p>}
      {answer.shapes.length > 1 && (
        <ul class="volume-shapes" aria-label="Shapes, in order">
          {answer.shapes.map((one, n) => (
            <li key={n}>
              <button type="button" class="volume-layer-name" aria-pressed={n === selected} onClick={() => hand.select(n)}><b aria-hidden="true">{one.how === "add" ? "+" : "−"}</b> <span class="hidden-text">{one.how === "add" ? "adds" : "takes away"}</span>{titleOf(one)}</button>
            </li>
          ))}
        </ul>
      )}
      {isPlaced(shape) && <PlacedFields shape={shape} put={put} info={info} snap={hand.snap} />}
      {shape?.shape === "threshold" && <RegionFields shape={shape} put={put} level={layer.level} />}
      {shape && (
        <div class="row volume-how">
          <span class="segments" role="group" aria-label="What the shape does">
            <button type="button" aria-pressed={shape.how === "add"} onClick={() => put("Add the shape", { ...shape, how: "add" })}>Adds</button>
            <button type="button" aria-pressed={shape.how === "minus"} onClick={() => put("Take the shape away", { ...shape, how: "minus" })}>Takes away</button>
          </span>
          {isPlaced(shape) && <button type="button" class="button small-button" onClick={hand.snap}>Snap to density</button>}
          <button type="button" class="button bare small-button" onClick={() => { hand.step("Remove the shape", { ...answer, shapes: answer.shapes.filter((_, n) => n !== selected) }); hand.select(Math.min(selected, answer.shapes.length - 2)); }}>Remove</button>
        </div>
      )}
      {answer.shapes.length > 0 && <EdgeFields hand={hand} voxel_A={info.voxel_A} />}
      {hand.why && answer.shapes.length > 0 && <p class="small quiet">{hand.why}</p>}
    </section>
  );
}

function PlacedFields({ shape, put, info }: { shape: Extract<Shape, { x_A: number }>; put: (title: string, shape: Shape) => void; info: Info; snap: () => void }) {
  const middle = centred(placeOf(shape), info.shape, info.voxel_A);
  const field = (name: string, label: string) => (
    <NumberBox key={name} label={label} value={(shape as unknown as Record<string, number>)[name]!} step={name.startsWith("radius") || name.startsWith("width") ? 0.5 : info.voxel_A} onSet={(value) => put("Set a place", { ...shape, [name]: value })} />
  );
  return (
    <>
      <div class="volume-xyz">
        {field("x_A", "x")}{field("y_A", "y")}{field("z_A", "z")}
        {shape.shape === "sphere" ? field("radius_A", "radius") : [field("width_x_A", "wide x"), field("width_y_A", "wide y"), field("width_z_A", "wide z")]}
        <span>Å</span>
      </div>
      <p class="small quiet">From the first voxel, as cisTEM and RELION read it. Centred: {middle.map((part) => figureSigned(part)).join(", ")} Å.</p>
    </>
  );
}

function RegionFields({ shape, put, level }: { shape: Extract<Shape, { shape: "threshold" }>; put: (title: string, shape: Shape) => void; level: number }) {
  return (
    <div class="volume-xyz">
      <NumberBox label="level" value={shape.level} step="any" onSet={(value) => put("Set the level", { ...shape, level: value })} />
      <NumberBox label="low-pass, Å" value={shape.low_pass_A} step={1} low={0} onSet={(value) => put("Set the low-pass", { ...shape, low_pass_A: value })} />
      <label class="row volume-largest"><input type="checkbox" checked={shape.largest} onChange={(event) => put("Choose the largest part", { ...shape, largest: event.currentTarget.checked })} /> largest part only</label>
      <button type="button" class="button small-button" title="Take the threshold of the surface" onClick={() => put("Set the level", { ...shape, level: Number(level.toPrecision(5)) })}>{figure(level)}</button>
    </div>
  );
}

function EdgeFields({ hand, voxel_A }: { hand: MaskHand; voxel_A: number }) {
  const set = (changes: Partial<Answer>) => hand.step("Set the edge", { ...hand.answer, ...changes });
  return (
    <div class="volume-xyz">
      <NumberBox label="grow, px" value={hand.answer.extend_px} step={1} onSet={(extend_px) => set({ extend_px })} />
      <NumberBox label="soft edge, px" value={hand.answer.edge_px} step={1} low={0} onSet={(edge_px) => set({ edge_px })} />
      <NumberBox label="soft edge, Å" value={Math.round(hand.answer.edge_px * voxel_A * 100) / 100} step={voxel_A} low={0} onSet={(edge_A) => set({ edge_px: Math.round((edge_A / voxel_A) * 1000) / 1000 })} />
      <label class="row volume-largest"><input type="checkbox" checked={hand.preview} onChange={(event) => hand.setPreview(event.currentTarget.checked)} /> preview</label>
    </div>
  );
}

function NumberBox({ label, value, step, low, onSet }: { label: string; value: number; step: number | "any"; low?: number; onSet: (value: number) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const take = (text: string) => {
    setTyped(null);
    const said = Number(text);
    if (text.trim() && Number.isFinite(said) && said !== value && (low === undefined || said >= low)) onSet(said);
  };
  return (
    <label>
      {label}
      <input type="number" step={step} min={low} value={typed ?? value} onInput={(event) => setTyped(event.currentTarget.value)} onChange={(event) => take(event.currentTarget.value)} onBlur={() => setTyped(null)} />
    </label>
  );
}

function figureSigned(value: number): string {
  return value.toFixed(1).replace("-", "−");
}
