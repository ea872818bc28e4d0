// The one kind of window that asks first: a harsh clean and the emptying of the Trash. It can be left with Escape.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import "./dialog.css";

interface DialogProps {
  title: string;
  children: ComponentChildren;
  /** The buttons at the foot; the likely one last. */
  foot?: ComponentChildren;
  onClose: () => void;
}

/** Shown while it is in the page. The focus goes into it, and back to where it was. */
export function Dialog({ title, children, foot, onClose }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const name = useId();
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current?.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog
      ref={box}
      class="dialog"
      aria-labelledby={name}
      onClose={onClose}
      onCancel={onClose}
      onClick={(event) => event.target === box.current && onClose()}
    >
      <div class="dialog-inside">
        <h2 id={name}>{title}</h2>
        <div class="dialog-body">{children}</div>
        <div class="dialog-foot">{foot ?? <button type="button" class="button" onClick={onClose}>Close</button>}</div>
      </div>
    </dialog>
  );
}
