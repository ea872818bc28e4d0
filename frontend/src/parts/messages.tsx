// What stands where content would be: nothing yet, still loading, broken. Each says why and what to do.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Says what would be here, why it is not, and offers the one act. */
export function Empty(props: { title: string; why?: string; children?: ComponentChildren }) {
  return (
    <div class="message">
      <h2>{props.title}</h2>
      {props.why && <p class="second">{props.why}</p>}
      {props.children}
    </div>
  );
}

/** A sentence, and what can be done; the rest of the page lives on. */
export function Broken(props: { sentence: string; children?: ComponentChildren }) {
  return (
    <div class="message" role="alert">
      <h2>This could not be shown</h2>
      <p class="second">{props.sentence}</p>
      {props.children}
    </div>
  );
}

/** Nothing for 120 ms, then a still grey block; after 2 s the words say what is read. */
export function Loading(props: { what: string; height?: number }) {
  const [stage, setStage] = useState(0);
  useEffect(() => {
    const timers = [setTimeout(() => setStage(1), 120), setTimeout(() => setStage(2), 2000)];
    return () => timers.forEach(clearTimeout);
  }, []);
  if (stage === 0) return null;
  return (
    <div class="column" style={{ gap: 8, padding: 12 }} aria-busy="true">
      <div class="block" style={{ height: props.height ?? 120 }} />
      {stage === 2 && <p class="quiet">{props.what}</p>}
    </div>
  );
}
