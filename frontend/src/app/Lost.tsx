// The thin bar while the stream of events is broken: jobs run on, and it is tried again.
import { useEffect, useState } from "preact/hooks";
import { connected, troubled } from "../api/events";

export function Lost() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    document.documentElement.classList.toggle("lost", !connected.value);
    if (connected.value) return setLate(false);
    // A stream that is renewed at once is no loss: nothing is said for a second.
    const wait = setTimeout(() => setLate(true), 1000);
    return () => clearTimeout(wait);
  }, [connected.value]);
  if (connected.value || !late) return null;
  return <div class="frame-lost"><span class="hidden-text" role="status">Not connected. Jobs run on.</span><span aria-hidden="true">{troubled.value}</span></div>;
}
