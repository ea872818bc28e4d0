// Lines of a plot that can be moved: each is a slider for pointer and arrow keys, lying over the drawn line.
import { useRef } from "preact/hooks";
import type { Axis, Mark } from "./plotData";
import { figure } from "./plotData";

/** Where the curves lie in the plot, in CSS pixels, and the ways between values and places. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
  x: [number, number];
  y: [number, number];
  put: (axis: "x" | "y", value: number) => number;
  get: (axis: "x" | "y", at: number) => number;
}

export function PlotHandles(props: { marks: Mark[]; frame: Frame; x: Axis; y: Axis }) {
  return (
    <>
      {props.marks.map((mark, index) => (mark.onMove ? <Handle key={index} mark={mark} frame={props.frame} axis={mark.axis === "x" ? props.x : props.y} /> : null))}
    </>
  );
}

function Handle(props: { mark: Mark; frame: Frame; axis: Axis }) {
  const { mark, frame } = props;
  const held = useRef(false);
  const [low, high] = frame[mark.axis];
  const step = mark.step ?? (high - low) / 100;
  const within = (value: number) => Math.min(Math.max(value, Math.min(low, high)), Math.max(low, high));
  const at = frame.put(mark.axis, within(mark.at));
  const style =
    mark.axis === "x"
      ? { left: frame.left + at - 12, top: frame.top, width: 24, height: frame.height }
      : { left: frame.left, top: frame.top + at - 12, width: frame.width, height: 24 };
  const move = (event: PointerEvent) => {
    if (!held.current) return;
    const box = (event.currentTarget as HTMLElement).parentElement!.getBoundingClientRect();
    const place = mark.axis === "x" ? event.clientX - box.left - frame.left : event.clientY - box.top - frame.top;
    mark.onMove!(within(frame.get(mark.axis, place)));
  };
  const key = (event: KeyboardEvent) => {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (way === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    mark.onMove!(within(mark.at + way * step * (event.shiftKey ? 0.1 : 1)));
  };
  return (
    <div
      class={`plot-handle plot-handle-${mark.axis}`}
      role="slider"
      tabIndex={0}
      aria-label={mark.label ?? props.axis.name}
      aria-orientation={mark.axis === "x" ? "horizontal" : "vertical"}
      aria-valuemin={Math.min(low, high)}
      aria-valuemax={Math.max(low, high)}
      aria-valuenow={mark.at}
      aria-valuetext={`${figure(mark.at)} ${props.axis.unit ?? ""}`}
      style={style}
      onPointerDown={(event) => {
        held.current = true;
        (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
        event.stopPropagation();
      }}
      onPointerMove={move}
      onPointerUp={() => (held.current = false)}
      onKeyDown={key}
    />
  );
}
