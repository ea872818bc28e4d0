// All notes one after another, as RELION's "Print all notes" has them; the browser's print makes paper of it.
import { useEffect, useState } from "preact/hooks";
import { address } from "../../api/client";
import { Icon } from "../../parts/Icon";
import { Broken, Empty, Loading } from "../../parts/messages";
import "./notes.css";

export default function Notes() {
  const [text, setText] = useState<string>();
  const [fault, setFault] = useState("");
  useEffect(() => {
    fetch(address("notes")).then(async (answer) => (answer.ok ? setText(await answer.text()) : setFault("The notes could not be read.")), () => setFault("The server does not answer. Jobs run on."));
  }, []);
  return (
    <div class="notes">
      <div class="row"><h1 class="grow">All notes</h1>{text && <button type="button" class="button" onClick={() => print()}><Icon name="print" />Print</button>}</div>
      {fault ? <Broken sentence={fault} /> : text === undefined ? <Loading what="Reading the notes of all jobs" /> : text.trim() ? <pre class="mono card" tabIndex={0} aria-label="Notes">{text}</pre> : <Empty title="No notes yet" why="Each job writes its command into its note when it begins." />}
    </div>
  );
}
