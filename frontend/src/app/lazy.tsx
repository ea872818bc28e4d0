// A part that is loaded when it is first shown; nothing stands in its place meanwhile.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

export function lazy<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): ComponentType<P> {
  let ready: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [, drawn] = useState(0);
    useEffect(() => {
      if (!ready)
        void load().then((module) => {
          ready = module.default;
          drawn((n) => n + 1);
        });
    }, []);
    const Part = ready;
    return Part ? <Part {...props} /> : null;
  };
}
