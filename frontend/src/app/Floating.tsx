// A panel over the page that holds the focus until it is closed by Escape, by its button or by a press beside it.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Floating(props: { title: string; close: () => void; kind?: string; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current;
    const before = document.activeElement as HTMLElement | null;
    if (dialog && !dialog.open) dialog.showModal();
    return () => {
      dialog?.close();
      before?.focus?.({ preventScroll: true });
    };
  }, []);
  return (
    <dialog ref={box} class={`frame-floating ${props.kind ?? ""}`} aria-label={props.title}
      onCancel={(event) => { event.preventDefault(); props.close(); }}
      onClick={(event) => event.target === box.current && props.close()}>
      {props.children}
    </dialog>
  );
}
