// The micrograph with its picks and the tools: move, add, remove, erase; one button, a finger, or the keyboard alone.
import { useRef, useState } from "preact/hooks";
import type { MutableRef } from "preact/hooks";
import { Picture, type Gesture, type Paint, type PictureHandle } from "../../parts/Picture";
import { byPlace, nearest, type Pick } from "./edits";
import { paintBrush, paintPicks } from "./paint";
import { addPick, movePick, removePicks } from "./strokes";
import type { Desk } from "./usePicks";

export type Tool = "move" | "add" | "remove" | "erase";

interface Props {
  desk: Desk;
  tool: Tool;
  brushA: number;
  diameterA: number;
  byScore: boolean;
  /** Scores that are the ends of the colours. */
  range: [number, number];
  hideOut: boolean;
  marked: ReadonlySet<string>;
  onMarked: (marked: ReadonlySet<string>) => void;
  mayEdit: boolean;
  handle: MutableRef<PictureHandle | null>;
  /** Said to those who do not see it. */
  say: (words: string) => void;
}

/** A stroke that is not finished: picks under the eraser, or a pick on its way. */
interface Stroke {
  erased: Map<string, Pick>;
  moving: Pick | null;
  to: [number, number];
}

const CURSORS: Record<Tool, string> = { move: "grab", add: "crosshair", remove: "pointer", erase: "none" };

export function Canvas(props: Props) {
  const { desk, tool, marked } = props;
  const pixelA = desk.row.pixel_size_A || 1;
  const radiusPx = props.diameterA / 2 / pixelA;
  const stroke = useRef<Stroke>({ erased: new Map(), moving: null, to: [0, 0] });
  const hover = useRef<[number, number] | null>(null);
  const [menu, setMenu] = useState<{ sx: number; sy: number; x: number; y: number }>();
  const [, drawn] = useState(0);
  const redraw = () => drawn((n) => n + 1);
  const name = desk.row.name;
  const picks = (desk.picks ?? []).filter((pick) => !stroke.current.erased.has(pick.key));
  const hit = (x: number, y: number) => nearest(picks, x, y, Math.max(radiusPx, 4));

  const erase = (x: number, y: number) => {
    const radius = props.brushA / 2 / pixelA;
    for (const pick of desk.picks ?? []) if (Math.hypot(pick.x - x, pick.y - y) <= radius) stroke.current.erased.set(pick.key, pick);
  };

  const gesture = (one: Gesture): boolean => {
    const now = stroke.current;
    if (one.phase === "hover" || one.phase === "leave") {
      hover.current = one.phase === "hover" && !one.touch ? [one.x, one.y] : null;
      if (tool === "erase") redraw();
      return false;
    }
    if (one.phase === "down") setMenu(undefined);
    if (one.phase === "menu") {
      setMenu({ sx: one.sx, sy: one.sy, x: one.x, y: one.y });
      return true;
    }
    if (!props.mayEdit) return false;
    if (one.phase === "double") return tool !== "move";
    if (tool === "erase" && !one.alt) return erasing(one);
    if (tool === "move" && one.phase === "down" && !one.alt) {
      const pick = hit(one.x, one.y);
      now.moving = pick ?? null;
      now.to = [one.x, one.y];
      return Boolean(pick);
    }
    if (now.moving && (one.phase === "move" || one.phase === "up")) return moving(one);
    if (one.phase === "click") click(one);
    return false;
  };

  const erasing = (one: Gesture): boolean => {
    hover.current = [one.x, one.y];
    if (one.phase === "down" || one.phase === "move") erase(one.x, one.y);
    if (one.phase === "up") {
      const gone = [...stroke.current.erased.values()];
      stroke.current.erased = new Map();
      removePicks(desk.draft, name, gone, `Erase ${gone.length} picks`);
      if (gone.length) props.say(`${gone.length} erased`);
    }
    redraw();
    return true;
  };

  const moving = (one: Gesture): boolean => {
    const now = stroke.current;
    const [dx, dy] = [one.x - now.to[0], one.y - now.to[1]];
    const far = Math.hypot(dx, dy) * one.zoom > 4;
    if (one.phase === "up" && now.moving) {
      if (far) movePick(desk.draft, name, now.moving, now.moving.x + dx, now.moving.y + dy);
      else mark(now.moving, one.shift);
      now.moving = null;
    } else if (far) hover.current = [one.x, one.y];
    redraw();
    return true;
  };

  const mark = (pick: Pick, more: boolean) => {
    const next = new Set(more ? marked : []);
    if (marked.has(pick.key) && (more || marked.size === 1)) next.delete(pick.key);
    else next.add(pick.key);
    props.onMarked(next);
  };

  const click = (one: { x: number; y: number; alt: boolean }) => {
    const pick = hit(one.x, one.y);
    const adds = tool === "add" ? !one.alt : tool === "move" && one.alt && !pick;
    if (adds) {
      addPick(desk.draft, name, one.x, one.y);
      props.say("Added");
    } else if (pick && (tool === "remove" || one.alt)) {
      removePicks(desk.draft, name, [pick]);
      props.say("Removed");
    } else if (tool === "move" && !pick && marked.size) props.onMarked(new Set());
  };

  const press = (key: string, at: { x: number; y: number }, event: KeyboardEvent): boolean => {
    if (key === "Tab") return tabbed(at, event.shiftKey);
    if (!props.mayEdit) return false;
    const pick = hit(at.x, at.y);
    if (key === "Enter") {
      if (pick) removePicks(desk.draft, name, [pick]);
      else addPick(desk.draft, name, at.x, at.y);
      props.say(pick ? "Removed" : "Added");
      return true;
    }
    if ((key === "Delete" || key === "Backspace") && marked.size) {
      removePicks(desk.draft, name, picks.filter((one) => marked.has(one.key)));
      props.onMarked(new Set());
      props.say("Removed");
      return true;
    }
    return false;
  };

  /** Tab goes to the next pick by place; behind the last one it leaves the picture, as it does everywhere. */
  const tabbed = (at: { x: number; y: number }, back: boolean): boolean => {
    const order = byPlace(picks, radiusPx * 2);
    const here = order.findIndex((pick) => Math.abs(pick.x - at.x) < 0.5 && Math.abs(pick.y - at.y) < 0.5);
    const next = order[here < 0 ? (back ? order.length - 1 : 0) : here + (back ? -1 : 1)];
    if (!next) return false;
    props.handle.current?.show(next.x, next.y);
    props.onMarked(new Set([next.key]));
    props.say(`Pick ${order.indexOf(next) + 1} of ${order.length}${next.score === null ? "" : `, score ${next.score.toFixed(2)}`}${next.kept ? "" : ", left out"}`);
    return true;
  };

  const overlay = (paint: Paint) => {
    const now = stroke.current;
    const shifted = now.moving && hover.current ? picks.map((pick) => (pick.key === now.moving?.key ? { ...pick, x: pick.x + hover.current![0] - now.to[0], y: pick.y + hover.current![1] - now.to[1] } : pick)) : picks;
    const range: [number, number] | null = props.byScore ? props.range : null;
    paintPicks(paint, { picks: shifted, diameterPx: radiusPx * 2, marked, range, hideOut: props.hideOut });
    if (tool === "erase" && hover.current && props.mayEdit) paintBrush(paint, hover.current, props.brushA / 2 / pixelA);
  };

  const edge = (values: number[]) => values.reduce((most, value) => Math.max(most, value), 512) + radiusPx * 2;
  return (
    <Picture
      asked={{ path: name, pixel: desk.row.pixel_size_A }}
      label={`Micrograph ${name.split("/").pop()} with ${picks.length} picks. Enter adds or removes at the cross, Tab goes through the picks`}
      overlay={overlay}
      gesture={gesture}
      press={press}
      handle={props.handle}
      cursor={props.mayEdit ? CURSORS[tool] : "grab"}
      fallback={{ width: edge(picks.map((pick) => pick.x)), height: edge(picks.map((pick) => pick.y)) }}
    >
      {menu && props.mayEdit && <PickMenu at={menu} pick={hit(menu.x, menu.y)} close={() => setMenu(undefined)} add={() => addPick(desk.draft, name, menu.x, menu.y)} remove={(pick) => removePicks(desk.draft, name, [pick])} mark={(pick) => mark(pick, true)} />}
    </Picture>
  );
}

/** What a right click opens: the same acts as the tools. */
function PickMenu(props: { at: { sx: number; sy: number }; pick: Pick | undefined; close: () => void; add: () => void; remove: (pick: Pick) => void; mark: (pick: Pick) => void }) {
  const { pick } = props;
  const acts: [string, () => void][] = [["Add a pick here", props.add]];
  if (pick) acts.push(["Remove this pick", () => props.remove(pick)], ["Mark this pick", () => props.mark(pick)]);
  return (
    <div class="picks-menu" role="menu" aria-label="Acts at this place" style={{ left: props.at.sx, top: props.at.sy, transform: `translate(${props.at.sx > 300 ? "-100%" : "0"}, ${props.at.sy > 300 ? "-100%" : "0"})` }} onPointerDown={(event) => event.stopPropagation()} onKeyDown={(event) => event.key === "Escape" && props.close()}>
      {acts.map(([title, run], n) => (
        <button type="button" role="menuitem" key={title} ref={(element) => void (n === 0 && element?.focus())} onClick={() => { run(); props.close(); }}>{title}</button>
      ))}
    </div>
  );
}
