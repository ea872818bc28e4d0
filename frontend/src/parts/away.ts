// Closes what floats when the pointer goes down outside of it, or Escape is pressed.
import { useEffect } from "preact/hooks";
import type { RefObject } from "preact";

export function useAway(open: boolean, box: RefObject<HTMLElement>, close: () => void): void {
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !box.current?.contains(event.target as Node)) close();
    };
    addEventListener("pointerdown", away);
    addEventListener("keydown", away);
    return () => {
      removeEventListener("pointerdown", away);
      removeEventListener("keydown", away);
    };
  }, [open]);
}
