// "Shown": the list of layers with eye, colour, opacity and how they are coloured; more can be added from the project.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { Dialog } from "../../parts/Dialog";
import { Icon } from "../../parts/Icon";
import { Menu, type Act } from "../../parts/Menu";
import { gradient, ONE, scaleOf, type ColourBy, type Colouring } from "./colours";
import { figure, kindOf, nameOf, sigmas, type Layer } from "./layers";
import type { Listed, Viewer } from "./viewer";

interface Props {
  viewer: Viewer;
  path: string;
  /** The choice of views, in the head. */
  views: ComponentChildren;
  onAdd: (path: string, kind: string) => void;
  onColour: (layer: Layer, by: ColourBy, path?: string) => void;
  onSubtract: (a: Layer, b: Layer) => void;
}

export function LayersPanel({ viewer, path, views, onAdd, onColour, onSubtract }: Props) {
  const [adding, setAdding] = useState(false);
  const [open, setOpen] = useState("");
  const layers = viewer.layers.value;
  return (
    <section class="volume-section" aria-label="Shown">
      <div class="row">
        <h2 class="grow">Shown</h2>
        {views}
        <button type="button" class="button small-button" aria-label="Add map, mask or model" title="Add map, mask or model" onClick={() => setAdding(true)}><Icon name="plus" /> Add</button>
      </div>
      <ul class="volume-layers">
        {layers.map((layer) => (
          <li key={layer.id} class={layer.visible ? "" : "quiet"}>
            <button type="button" class="button bare small-button icon-only" aria-pressed={layer.visible} aria-label={`${layer.visible ? "Hide" : "Show"} ${layer.name}`} onClick={() => viewer.change(layer.id, { visible: !layer.visible })}>
              <Icon name={layer.visible ? "eye" : "eye-off"} />
            </button>
            <i class="volume-swatch" style={{ background: layer.colouring.by === "one" ? layer.colour : gradient(scaleOf(layer.colouring.by)), opacity: layer.visible ? Math.max(0.4, layer.opacity) : 0.4 }} />
            <button type="button" class="volume-layer-name cut" aria-pressed={viewer.main?.id === layer.id} disabled={!layer.info && layer.kind !== "difference"} title={layer.path} onClick={() => (viewer.chosen.value = layer.id)}>
              {layer.name}
            </button>
            <span class="quiet dense">{stateOf(layer)}</span>
            <button type="button" class="button bare small-button icon-only" aria-label={`Settings of ${layer.name}`} aria-expanded={open === layer.id} onClick={() => setOpen(open === layer.id ? "" : layer.id)}><Icon name="settings" /></button>
            {open === layer.id && <LayerSettings viewer={viewer} layer={layer} onColour={onColour} onSubtract={onSubtract} />}
            {layer.problem && <p class="volume-fault" role="alert">{layer.problem}</p>}
          </li>
        ))}
      </ul>
      {adding && <AddLayer near={path} have={layers.map((layer) => layer.path)} onClose={() => setAdding(false)} onAdd={onAdd} />}
    </section>
  );
}

function stateOf(layer: Layer): string {
  if (layer.state === "broken") return "not shown";
  if (!layer.visible) return "hidden";
  if (layer.state === "reading") return "reading";
  if (layer.kind === "model") return "model";
  if (layer.colouring.by === "map") return "local res.";
  if (layer.kind === "map") return `${sigmas(layer).toFixed(1)} σ`;
  return layer.kind === "difference" ? `±${layer.level.toFixed(1)} σ` : figure(layer.level);
}

function LayerSettings({ viewer, layer, onColour, onSubtract }: Pick<Props, "viewer" | "onColour" | "onSubtract"> & { layer: Layer }) {
  const scales = useResource<Listed[]>("volume/list", { near: layer.path }).data?.filter((row) => row.kind === "localres") ?? [];
  const others = viewer.layers.value.filter((one) => one.id !== layer.id && one.kind === "map" && one.info);
  const mapped = layer.kind !== "model" && layer.kind !== "difference";
  const colour = layer.colouring;
  const acts: Act[] = [
    { title: "One colour", chosen: colour.by === "one", run: () => onColour(layer, "one") },
    ...scales.map((row): Act => ({ title: `Local resolution · ${nameOf(row.path)}`, chosen: colour.by === "map" && colour.path === row.path, run: () => onColour(layer, "map", row.path) })),
    { title: "Distance from the middle", chosen: colour.by === "radius", run: () => onColour(layer, "radius") },
    { title: "Height along z", chosen: colour.by === "height", run: () => onColour(layer, "height") },
  ];
  return (
    <div class="volume-settings">
      <label>Colour <input type="color" value={layer.colour} onInput={(event) => viewer.change(layer.id, { colour: event.currentTarget.value })} /></label>
      <label class="volume-opacity">Opacity <input type="range" min={5} max={100} value={Math.round(layer.opacity * 100)} onInput={(event) => viewer.change(layer.id, { opacity: Number(event.currentTarget.value) / 100 })} /> <output>{Math.round(layer.opacity * 100)} %</output></label>
      {mapped && <Menu title="Colour by" kind="button small-button" align="left" acts={acts}>Colour by {words(colour)} <Icon name="down" size={12} /></Menu>}
      {layer.kind === "map" && <label class="row"><input type="checkbox" checked={layer.linked} onChange={(event) => viewer.change(layer.id, { linked: event.currentTarget.checked })} /> Level linked</label>}
      {layer.kind === "map" && others.length > 0 && <Menu title="Less another map" kind="button small-button" align="left" acts={others.map((other) => ({ title: other.name, run: () => onSubtract(layer, other) }))}>Difference <Icon name="down" size={12} /></Menu>}
      {layer.kind === "map" && <label class="row"><input type="checkbox" checked={!layer.dust} onChange={(event) => { viewer.change(layer.id, { dust: !event.currentTarget.checked }); viewer.surface(layer.id); }} /> Hide dust{layer.pieces > 0 && <span class="quiet">({layer.pieces} pieces)</span>}</label>}
      <button type="button" class="button small-button" onClick={() => viewer.remove(layer.id)}>Take away</button>
    </div>
  );
}

function words(colouring: Colouring): string {
  return { one: "one colour", map: "local resolution", radius: "distance", height: "height" }[colouring.by];
}

function AddLayer({ near, have, onClose, onAdd }: { near: string; have: string[]; onClose: () => void; onAdd: (path: string, kind: string) => void }) {
  const [asked, setAsked] = useState("");
  const maps = useResource<Listed[]>("volume/list", { near });
  const models = useResource<Schema<"ModelFile">[]>("models3d");
  const rows = [...(maps.data ?? []).map((row) => ({ path: row.path, kind: row.kind, job: row.alias || row.job })), ...(models.data ?? []).map((row) => ({ path: row.path, kind: "model", job: "" }))];
  const found = rows.filter((row) => !have.includes(row.path) && asked.toLowerCase().split(/\s+/).every((word) => `${row.path} ${row.job} ${row.kind}`.toLowerCase().includes(word)));
  const choose = (row: { path: string; kind: string }) => {
    onAdd(row.path, row.kind);
    onClose();
  };
  return (
    <Dialog title="Add a map, mask or model" onClose={onClose}>
      <input class="field-box volume-find" type="search" aria-label="Find by name, job or kind" placeholder="Name, job or kind" value={asked} onInput={(event) => setAsked(event.currentTarget.value)} />
      <ul class="volume-found" aria-label="Files of the project">
        {found.slice(0, 80).map((row) => (
          <li key={row.path}>
            <button type="button" class="button bare" title={row.path} onClick={() => choose(row)}>
              <Icon name={row.kind === "mask" ? "mask-create" : row.kind === "model" ? "model" : "refine3d"} />
              <span class="grow cut">{row.path}</span>
              <span class="quiet dense">{row.kind === "model" ? "model" : kindOf(row.kind, row.path) === "mask" ? "mask" : row.kind === "halfmap" ? "half map" : row.kind === "localres" ? "local resolution" : "map"}</span>
            </button>
          </li>
        ))}
      </ul>
      {!found.length && <p class="quiet">{maps.data ? "Nothing of this name. Models are found as .cif or .pdb files in the project's folder and its first folders." : "looking"}</p>}
      {found.length > 80 && <p class="quiet dense">{found.length - 80} more; type a part of the name.</p>}
    </Dialog>
  );
}

/** The scale that a kind of colouring begins with. */
export function beginColouring(layer: Layer, by: ColourBy, path: string | undefined, scale: { low: number; middle: number; high: number } | null): Colouring {
  const info = layer.info;
  if (by === "one" || !info) return ONE;
  const box_A = Math.max(...info.shape) * info.voxel_A;
  if (by === "map") return { by, ...(path ? { path } : {}), ...(scale ?? { low: 3, middle: 5, high: 8 }) };
  return by === "radius" ? { by, low: 0, middle: box_A * 0.2, high: box_A * 0.4 } : { by, low: box_A * 0.15, middle: box_A * 0.5, high: box_A * 0.85 };
}
