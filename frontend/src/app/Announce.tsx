// Says aloud what jobs do: at 25, 50 and 75 percent and at the end; and tells the system's notices while the tab is hidden, if wished.
import { effect, signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { stateWord } from "../parts/Glyph";
import { jobs } from "./data";
import { changes, type Told } from "./announcing";
import { to } from "./place";

export type Notify = "off" | "needs" | "all";
const KEY = "vitreous.notify";
/** Which notices of the system are wished: none, what needs the user, every end. */
export const notify = signal<Notify>((localStorage.getItem(KEY) as Notify | null) ?? "off");
effect(() => localStorage.setItem(KEY, notify.value));

export function Announce() {
  const told = useRef<Map<string, Told>>(new Map());
  const [text, setText] = useState("");
  useEffect(() => {
    const all = jobs.value;
    if (!all) return;
    const { news, now } = changes(told.current, all);
    const first = told.current.size === 0;
    told.current = now;
    if (first || !news.length) return;
    setText(news.map((one) => one.sentence).join(". "));
    if (!document.hidden || notify.value === "off" || typeof Notification === "undefined" || Notification.permission !== "granted") return;
    for (const one of news) {
      const asks = ["needs_you", "failed", "silent"].includes(one.state);
      if (!one.ended && !asks) continue;
      if (notify.value === "needs" && !asks) continue;
      const notice = new Notification(one.title, { body: `${stateWord(one.state)}${one.key ? ` · ${one.key}` : ""}`, tag: one.number });
      notice.onclick = () => {
        window.focus();
        location.assign(to(`job/${one.number}`));
      };
    }
  }, [jobs.value]);
  return <div class="hidden-text" role="status" aria-live="polite">{text}</div>;
}
