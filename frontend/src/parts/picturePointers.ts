// Mouse, pen and fingers over a picture: tools first, then panning; wheel and two fingers zoom. One button is enough.
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { toImage, type Size, type View } from "./pictureView";

/** A press or movement, in image pixels. */
export interface Gesture {
  /** click: a press and release in one place, after an "up" if the press was taken; double: the second such press. */
  phase: "down" | "move" | "up" | "click" | "double" | "hover" | "leave" | "menu";
  x: number;
  y: number;
  /** Screen pixels from the picture's upper left corner. */
  sx: number;
  sy: number;
  zoom: number;
  alt: boolean;
  shift: boolean;
  touch: boolean;
}

/** A press that goes no farther is a click. */
const CLICK_PX = 4;

interface Acts {
  view: () => View;
  screen: () => Size;
  move: (view: View) => void;
  zoom: (factor: number, at: [number, number]) => void;
  gesture: (gesture: Gesture) => boolean;
  fit: () => void;
}

export function usePointers(box: RefObject<HTMLElement>, acts: Acts): void {
  const current = useRef(acts);
  current.current = acts;
  useEffect(() => follow(box.current!, () => current.current), []);
}

/** Listens until the way to stop, which it gives, is called. */
function follow(element: HTMLElement, acts: () => Acts): () => void {
  const down = new Map<number, [number, number]>();
  let taken = false;
  let spread = 0;
  /** Screen pixels that the present press has gone; more than a few are no click. */
  let gone = 0;
  const place = (event: MouseEvent): [number, number] => {
    const edge = element.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  };
  const tell = (phase: Gesture["phase"], event: MouseEvent): boolean => {
    const [sx, sy] = place(event);
    const [x, y] = toImage(acts().view(), acts().screen(), sx, sy);
    const touch = event instanceof PointerEvent && event.pointerType === "touch";
    return acts().gesture({ phase, x, y, sx, sy, zoom: acts().view().zoom, alt: event.altKey, shift: event.shiftKey, touch });
  };
  const apart = () => {
    const [a, b] = [...down.values()];
    return a && b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0;
  };
  const pan = (step: [number, number]) => {
    const view = acts().view();
    acts().move({ ...view, x: view.x - step[0] / view.zoom, y: view.y - step[1] / view.zoom });
  };
  const listeners: { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void } = {
    pointerdown: (event) => {
      if (event.button !== 0) return;
      down.set(event.pointerId, place(event));
      if (down.size === 2) {
        if (taken) tell("up", event);
        taken = false;
        gone = Infinity;
        spread = apart();
      } else {
        gone = 0;
        taken = tell("down", event);
      }
      element.setPointerCapture(event.pointerId);
    },
    pointermove: (event) => {
      const before = down.get(event.pointerId);
      if (!before) return void tell("hover", event);
      const now = place(event);
      down.set(event.pointerId, now);
      const step: [number, number] = [now[0] - before[0], now[1] - before[1]];
      gone += Math.hypot(...step);
      if (down.size === 2) {
        const [a, b] = [...down.values()] as [[number, number], [number, number]];
        pan([step[0] / 2, step[1] / 2]);
        if (spread > 0) acts().zoom(apart() / spread, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
        spread = apart();
      } else if (taken) tell("move", event);
      else if (gone > CLICK_PX) pan(step);
    },
    pointerup: (event) => {
      if (!down.delete(event.pointerId) || down.size) return;
      if (taken) tell("up", event);
      if (gone <= CLICK_PX) tell("click", event);
      spread = 0;
    },
    pointercancel: (event) => {
      if (down.delete(event.pointerId) && taken) tell("up", event);
      taken = false;
    },
    pointerleave: (event) => void (down.size || tell("leave", event)),
    dblclick: (event) => void (tell("double", event) || acts().fit()),
    contextmenu: (event) => void (tell("menu", event) && event.preventDefault()),
  };
  for (const [name, listener] of Object.entries(listeners)) element.addEventListener(name, listener as EventListener);
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    acts().zoom(Math.exp(-Math.max(Math.min(event.deltaY, 60), -60) * 0.004), place(event));
  };
  element.addEventListener("wheel", wheel, { passive: false });
  return () => {
    for (const [name, listener] of Object.entries(listeners)) element.removeEventListener(name, listener as EventListener);
    element.removeEventListener("wheel", wheel);
  };
}
