// The one stream of this browser: tabs of the same window come and go, each says whether it is seen; hidden tabs are told
// of changes when they are seen again, each topic once.
import { Stream, type Said, type Source } from "./stream";
import { Tab, type FromTab } from "./tabs";

interface SharedScope {
  onconnect: ((event: MessageEvent) => void) | null;
}

const streams = new Map<string, { stream: Stream; tabs: Set<Tab> }>();

function streamOf(address: string): { stream: Stream; tabs: Set<Tab> } {
  const there = streams.get(address);
  if (there) return there;
  const tabs = new Set<Tab>();
  const say = (said: Said) => tabs.forEach((tab) => tab.tell(said));
  const stream = new Stream(address, say, (from) => new EventSource(from) as unknown as Source);
  const made = { stream, tabs };
  streams.set(address, made);
  stream.begin();
  return made;
}

(self as unknown as SharedScope).onconnect = (event) => {
  const port = event.ports[0]!;
  const tab = new Tab((said) => port.postMessage(said));
  let address = "";
  port.onmessage = (message: MessageEvent<FromTab>) => {
    const said = message.data;
    if (said.is === "here") {
      address = said.address;
      const { stream, tabs } = streamOf(address);
      tabs.add(tab);
      tab.tell(stream.now);
    }
    if (said.is === "gone") {
      const shared = streams.get(address);
      shared?.tabs.delete(tab);
      if (shared && !shared.tabs.size) {
        shared.stream.end();
        streams.delete(address);
      }
    } else tab.show(said.seen);
  };
};
