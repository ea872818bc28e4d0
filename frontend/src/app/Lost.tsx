// The thin bar while the stream of events is broken: jobs run on, and it is tried again.
import { useEffect, useState } from "preact/hooks";
import { connected } from "../api/events";

const EVERY_S = 4;

export function Lost() {
  const [left, setLeft] = useState(EVERY_S);
  const [late, setLate] = useState(false);
  useEffect(() => {
    document.documentElement.classList.toggle("lost", !connected.value);
    if (connected.value) return setLate(false);
    // A stream that is renewed at once is no loss: nothing is said for a second.
    const wait = setTimeout(() => setLate(true), 1000);
    const timer = setInterval(() => setLeft((n) => (n <= 1 ? EVERY_S : n - 1)), 1000);
    return () => {
      clearTimeout(wait);
      clearInterval(timer);
    };
  }, [connected.value]);
  if (connected.value || !late) return null;
  return <div class="frame-lost" role="status">Not connected. Jobs run on. <span aria-hidden="true">Trying again in {left} s</span></div>;
}
