// The Trash: what lies in it, from where and since when; each thing can be put back, all of it removed for good.
import { useEffect, useRef, useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { query } from "../../app/place";
import { when } from "../../app/words";
import { Dialog } from "../../parts/Dialog";
import { Icon } from "../../parts/Icon";
import { Broken, Loading } from "../../parts/messages";
import { bytes, doAct } from "../job/jobActs";

type Content = Schema<"TrashContent">;

export function Trash({ onChange }: { onChange: () => void }) {
  const trash = useResource<Content>("trash", {}, ["trash"]);
  const [emptying, setEmptying] = useState(false);
  const head = useRef<HTMLHeadingElement>(null);
  const wanted = query.value.get("show") === "trash";
  useEffect(() => {
    if (wanted && trash.data) head.current?.scrollIntoView({ block: "start" });
  }, [wanted, Boolean(trash.data)]);
  const changed = (): void => {
    trash.again();
    onChange();
  };
  return (
    <section class="disk-trash" aria-labelledby="trash-head">
      <div class="row"><h2 id="trash-head" ref={head} class="grow">Trash {trash.data && <span class="quiet">{trash.data.items.length ? bytes(trash.data.bytes) : ""}</span>}</h2>
        {mayAct.value && !!trash.data?.items.length && <button type="button" class="button small-button" onClick={() => setEmptying(true)}>Empty, {bytes(trash.data.bytes)}…</button>}</div>
      {trash.problem && !trash.data && <Broken sentence={trash.problem.message} />}
      {!trash.data && !trash.problem && <Loading what="reading the Trash" height={60} />}
      {trash.data && !trash.data.items.length && <p class="quiet">The Trash is empty. What is cleaned or deleted lies here until it is emptied.</p>}
      {!!trash.data?.items.length && (
        <div class="card disk-table" tabIndex={0} role="region" aria-label="Things in the Trash">
          <table class="rows">
            <thead><tr><th scope="col">From</th><th scope="col">What</th><th scope="col" class="number">Size</th><th scope="col">Since</th><th scope="col"><span class="hidden-text">Act</span></th></tr></thead>
            <tbody>
              {trash.data.items.map((item) => (
                <tr key={item.id}>
                  <td class="mono">{item.origin}</td><td>{item.kind}</td><td class="number">{bytes(item.bytes)}</td><td class="quiet">{when(item.when_s)}</td>
                  <td class="number">{mayAct.value && <button type="button" class="button small-button" disabled={!item.can_return} title={item.can_return ? "" : "The job that it belongs to is not in the project"} aria-label={`Put back ${item.origin}`}
                    onClick={() => void doAct("POST", "trash/restore", { id: item.id }).then((done) => done && changed())}><Icon name="undo" />Put back</button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {emptying && trash.data && <EmptyDialog content={trash.data} onClose={() => setEmptying(false)} onDone={changed} />}
    </section>
  );
}

/** Emptying cannot be undone: the size must be typed. */
function EmptyDialog({ content, onClose, onDone }: { content: Content; onClose: () => void; onDone: () => void }) {
  const [text, setText] = useState("");
  const size = bytes(content.bytes);
  const right = text.trim().replace(/\s+/g, " ").toLowerCase() === size.toLowerCase();
  async function empty(): Promise<void> {
    if (!right) return;
    const done = await doAct("POST", "trash/empty", { ids: content.items.map((item) => item.id), bytes: content.bytes });
    onDone();
    if (done) onClose();
  }
  return (
    <Dialog title="Empty the Trash" onClose={onClose} foot={<>
      <button type="button" class="button" onClick={onClose}>Leave</button>
      <button type="button" class="button likely" disabled={!right} onClick={() => void empty()}>Remove {size} for good</button>
    </>}>
      <p>{content.items.length} {content.items.length === 1 ? "thing is" : "things are"} removed for good. This cannot be undone.</p>
      <form onSubmit={(event) => { event.preventDefault(); void empty(); }}>
        <label class="row">Type <b>{size}</b> to confirm <input class="field-box" value={text} autocomplete="off" onInput={(event) => setText(event.currentTarget.value)} /></label>
      </form>
    </Dialog>
  );
}
