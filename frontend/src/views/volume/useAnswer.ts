// The mask in the making, with its history: kept as a draft where a job waits for it, in the page otherwise; its preview and its saving.
import { useEffect, useRef, useState } from "preact/hooks";
import { act, get, getBytes, Problem, type Schema } from "../../api/client";
import { useKeys } from "../../app/keys";
import { to } from "../../app/place";
import { attempt, say, sayError } from "../../app/toasts";
import type { Json } from "../../parts/history";
import { useDraft } from "../../parts/draft";
import { parseGrid } from "./grid";
import { fresh } from "./layers";
import type { MaskHand } from "./MaskPanel";
import { isPlaced, isWhole, movedTo, NOTHING, placeOf, sphereAt, type Answer, type Placed } from "./shapes";
import type { ShapeHand } from "./SliceView";
import type { Viewer } from "./viewer";

const PREVIEW = "preview";

export interface AnswerHand {
  mask: MaskHand;
  slices: ShapeHand;
  place: () => void;
}

/** job: the number of the job that waits for the answer, or "" where a mask becomes a new job. */
export function useAnswer(viewer: Viewer, job: string, mayAct: boolean): AnswerHand {
  const draft = useDraft(job, "mask");
  const [dragged, setDragged] = useState<Answer | null>(null);
  const [selected, select] = useState(0);
  const [preview, setPreview] = useState(false);
  const [saving, setSaving] = useState(false);
  const stored = draft.history.value("mask") as unknown as Answer | null;
  const answer = dragged ?? stored ?? NOTHING;
  const step = (title: string, next: Answer) => draft.do(title, { mask: next as unknown as Json });
  const info = viewer.frame;
  usePreview(viewer, preview ? (stored ?? NOTHING) : null);
  const place = () => {
    if (!info) return;
    const box_A = Math.max(...info.shape) * info.voxel_A;
    step("Place sphere", { ...answer, shapes: [...answer.shapes, sphereAt(viewer.cross.value, box_A)] });
    select(answer.shapes.length);
  };
  const change = (shape: Placed, done: boolean) => {
    const next = { ...answer, shapes: answer.shapes.map((one, n) => (n === selected ? shape : one)) };
    if (done) step("Move the shape", next);
    setDragged(done ? null : next);
  };
  const snap = () => {
    const shape = answer.shapes[selected], layer = viewer.main;
    if (!isPlaced(shape) || !layer?.info) return;
    const radius_A = shape.shape === "sphere" ? shape.radius_A : Math.max(shape.width_x_A, shape.width_y_A, shape.width_z_A) / 2;
    void attempt(async () => {
      const found = await get<Schema<"Centre">>("volume/centre", { path: layer.path, at_A: placeOf(shape), radius_A, level: layer.level });
      if (!found.found) return sayError("There is no density above the threshold in the sphere.");
      step("Snap to density", { ...answer, shapes: answer.shapes.map((one, n) => (n === selected ? movedTo(shape, [found.x_A, found.y_A, found.z_A]) : one)) });
    });
  };
  const map = viewer.layers.value.find((layer) => layer.info && (layer.kind === "map" || layer.kind === "mask"));
  const cube = !map?.info || new Set(map.info.shape).size === 1;
  const why = !mayAct ? "This window may only look." : !cube ? "Masks are made of cubic maps; this one is not." : "";
  const save = () => {
    if (!map || !isWhole(answer)) return;
    setSaving(true);
    void attempt(async () => {
      await draft.flush();
      await sent(job, map.path, answer);
    }).then(() => setSaving(false));
  };
  const undo = () => void draft.undo();
  const redo = () => void draft.redo();
  useKeys({
    o: { title: "Place a sphere at the cross", run: place },
    "Ctrl+z": { title: "Undo", run: undo },
    "Ctrl+Shift+z": { title: "Redo", run: redo },
    ...(job ? { s: { title: "Save the answer", run: save } } : {}),
  }, "Map");
  const mask: MaskHand = { answer, selected, select, step, undo, redo, canUndo: draft.history.canUndo, canRedo: draft.history.canRedo, preview, setPreview, snap, save, why, saving, answering: job !== "" };
  return { mask, slices: { shapes: answer.shapes, selected, select, change }, place };
}

/** Give the answer to the job that waits, or to a new job. */
async function sent(job: string, map: string, answer: Answer): Promise<void> {
  const number = job || (await act<Schema<"AddedJobs">>("POST", "jobs", { type: "mask-create", values: { map, ask: "Yes", answer: "" }, start: false })).number;
  await act("POST", `jobs/${number}/answer`, { kind: "mask", answer, start: true, draft: job ? "mask" : "" });
  say(`The mask is made by job ${number}`, { link: { title: "Open it", to: to(`job/${number}`) } });
}

/** Show what the shapes would make, a moment after they have changed, as a layer of its own. */
function usePreview(viewer: Viewer, answer: Answer | null): void {
  const said = answer && isWhole(answer) ? JSON.stringify(answer) : "";
  const layer = useRef("");
  const path = viewer.frame?.path ?? "";
  useEffect(() => {
    const away = () => {
      if (layer.current) viewer.remove(layer.current);
      layer.current = "";
    };
    if (!said || !path) return away();
    const stop = new AbortController();
    const timer = setTimeout(() => {
      getBytes("volume/mask", { path, shapes: said }, stop.signal).then(
        (bytes) => {
          const grid = parseGrid(bytes, viewer.frame!.voxel_A);
          if (!viewer.layer(layer.current)) {
            const made = { ...fresh(PREVIEW, "preview", viewer.layers.value), name: "mask, preview at half size", level: 0.5 };
            viewer.layers.value = [...viewer.layers.value, made];
            layer.current = made.id;
          }
          viewer.show(layer.current, grid);
        },
        (error: unknown) => error instanceof Problem && sayError(error),
      );
    }, 150);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [said, path]);
}
