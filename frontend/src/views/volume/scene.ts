// What the surface picture holds, from what the viewer knows: which layers stand in which part, the marks, the axes, the cross.
import { rgb, MARK_COLOUR, scaleOf } from "./colours";
import { axesOf } from "./camera";
import type { Vec3 } from "./grid";
import { sigmas, type Info, type Layer } from "./layers";
import type { Painter, Pane, Scene, Thing } from "./painter";
import { placeOf, type Shape } from "./shapes";
import { ball, brick, joined, plus, tube } from "./solids";
import type { Compare, Viewer } from "./viewer";

/** The middle voxel of a map, in Å. */
export function middleOf(info: Info): Vec3 {
  return info.shape.map((n) => Math.floor(n / 2) * info.voxel_A) as Vec3;
}

export function reachOf(info: Info): number {
  return Math.hypot(...info.shape.map((n) => (n * info.voxel_A) / 2));
}

const isMap = (layer: Layer): boolean => layer.kind === "map" || layer.kind === "localres" || layer.kind === "difference";

/** The layers of each part of the picture: all over one another, or one map each with what is not a map in all. */
export function partsOf(layers: Layer[], compare: Compare, blinked: number): Layer[][] {
  const shown = layers.filter((layer) => layer.visible);
  const maps = shown.filter(isMap), others = shown.filter((layer) => !isMap(layer));
  if (compare === "over" || maps.length < 2) return [shown];
  if (compare === "blink") return [[maps[blinked % maps.length]!, ...others]];
  return (compare === "wipe" ? maps.slice(0, 2) : maps.slice(0, 4)).map((map) => [map, ...others]);
}

function thingsOf(layer: Layer, painter: Painter, quick: boolean): Thing[] {
  const mesh = quick && painter.has(`${layer.id}:quick`) ? `${layer.id}:quick` : layer.id;
  const scale = layer.colouring.by === "one" ? undefined : scaleOf(layer.colouring.by);
  const things: Thing[] = [{ mesh, colour: rgb(layer.colour), opacity: layer.opacity, scale }];
  if (layer.kind === "difference") things.push({ mesh: `${layer.id}:below`, colour: rgb("#eca935"), opacity: layer.opacity });
  return things;
}

/** Everything to draw. Marks that changed are put into the painter on the way. */
export function sceneOf(viewer: Viewer, painter: Painter, marks: Marks, quick: boolean): Scene | null {
  const info = viewer.frame;
  if (!info) return null;
  const parts = partsOf(viewer.layers.value, viewer.compare.value, viewer.blinked.value);
  const extra = marks.things(painter, viewer, info);
  const cut = viewer.compare.value === "wipe" && parts.length === 2;
  const panes = parts.map((layers, n): Pane => {
    const things = [...layers.flatMap((layer) => thingsOf(layer, painter, quick)), ...extra];
    if (cut) return { from: n ? viewer.wipe.value : 0, to: n ? 1 : viewer.wipe.value, cut, things };
    return { from: n / parts.length, to: (n + 1) / parts.length, cut: false, things };
  });
  return { camera: viewer.camera.value, centre: middleOf(info), reach_A: reachOf(info), mirrored: viewer.mirrored.value, panes };
}

/** Spheres and boxes of the mask, symmetry axes and the cross: bodies that are made anew only when they change. */
export class Marks {
  shapes: Shape[] = [];
  selected = -1;
  private made = new Map<string, string>();

  things(painter: Painter, viewer: Viewer, info: Info): Thing[] {
    const found: Thing[] = [];
    const keep = new Set<string>();
    const put = (id: string, key: string, make: () => Parameters<Painter["put"]>[1], thing: Omit<Thing, "mesh">) => {
      keep.add(id);
      if (this.made.get(id) !== key) {
        painter.put(id, make());
        this.made.set(id, key);
      }
      found.push({ mesh: id, ...thing });
    };
    this.shapes.forEach((shape, n) => {
      if (shape.shape === "threshold") return;
      const make = () => (shape.shape === "sphere" ? ball(placeOf(shape), shape.radius_A) : brick(placeOf(shape), [shape.width_x_A, shape.width_y_A, shape.width_z_A]));
      put(`shape${n}`, JSON.stringify(shape), make, { colour: rgb(shape.how === "add" ? MARK_COLOUR : "#f6ae20"), opacity: n === this.selected ? 1 : 0.6, rim: true });
    });
    if (viewer.axes.value) {
      const middle = middleOf(info), reach = reachOf(info) * 0.62;
      axesOf(viewer.group.value).forEach(({ axis, fold }, n) => {
        const make = () => tube([plus(middle, axis, -reach), plus(middle, axis, reach)], reach * (fold > 2 ? 0.011 : 0.007));
        put(`axis${n}`, `${axis.join()} ${fold}`, make, { colour: rgb(fold > 2 ? "#eca935" : "#ffb9fe"), opacity: 1 });
      });
    }
    const at = viewer.cross.value, arm = viewer.camera.value.half_A * 0.05;
    put("cross", `${at.join()} ${arm}`, () => joined([0, 1, 2].map((n) => crossArm(at, n, arm))), { colour: [1, 1, 1], opacity: 1 });
    for (const id of [...this.made.keys()])
      if (!keep.has(id)) {
        painter.drop(id);
        this.made.delete(id);
      }
    return found;
  }

  forget(): void {
    this.made.clear();
  }
}

function crossArm(at: Vec3, axis: number, arm: number) {
  const step: Vec3 = [0, 0, 0];
  step[axis] = arm;
  return tube([plus(at, step, -1), plus(at, step)], arm * 0.05, 5);
}

/** What the picture shows, for those who do not see it. */
export function inWords(viewer: Viewer): string {
  const layer = viewer.main;
  const shown = viewer.layers.value.filter((one) => one.visible);
  if (!layer) return "No map is shown";
  const level = layer.kind === "map" ? `at ${sigmas(layer).toFixed(1)} sigma` : `at ${layer.level.toPrecision(3)}`;
  return `Surface of ${layer.name} ${level}${shown.length > 1 ? `, with ${shown.length - 1} more` : ""}; arrow keys turn it`;
}
