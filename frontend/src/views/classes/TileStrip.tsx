// A few small pictures of one stack side by side, without marks: members of a class, a class at some iterations, central slices.
import { useEffect, useRef } from "preact/hooks";
import type { Asked } from "../../api/client";
import { drawTile, useStack, type Contrast, type Stack } from "../../parts/stack";

interface StripProps {
  label: string;
  /** What /stack/tiles is asked for; or `of`, tiles that are there already. */
  stack?: Asked;
  of?: Stack | undefined;
  numbers: number[];
  columns: number;
  name: (number: number) => string;
  caption?: (number: number) => string;
  contrast: Contrast;
  round?: number;
}

export function TileStrip(props: StripProps) {
  const { stack: asked, problem } = useStack(props.stack ?? {});
  const stack = props.of ?? asked;
  if (problem) return <p class="dense quiet">{problem}</p>;
  if (stack && !stack.indices.length) return <p class="dense quiet">Their pictures are not on disk (cleaned, or never copied).</p>;
  return (
    <ul class="classes-strip" aria-label={props.label} style={{ gridTemplateColumns: `repeat(${props.columns}, 1fr)` }}>
      {props.numbers.map((number) => (
        <li key={number}>
          <One stack={stack} number={number} name={props.name(number)} contrast={props.contrast} round={props.round ?? 0} />
          {props.caption && <span class="small quiet">{props.caption(number)}</span>}
        </li>
      ))}
    </ul>
  );
}

export function One(props: { stack: Stack | undefined; number: number; name: string; contrast: Contrast; round: number; class?: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const at = props.stack?.at.get(props.number);
  useEffect(() => {
    if (canvas.current && props.stack && at !== undefined) drawTile(canvas.current, props.stack, at, props.contrast, props.round);
  }, [props.stack, at, props.contrast, props.round]);
  return <canvas ref={canvas} class={props.class ?? "classes-one"} role={props.name ? "img" : undefined} aria-hidden={props.name ? undefined : true} aria-label={!props.name ? undefined : at === undefined ? `${props.name}, no picture` : props.name} />;
}
