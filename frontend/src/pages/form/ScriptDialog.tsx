// The script that a queue is handed, to be read and edited before it is sent; the job's number in it is the next one.
import { useState } from "preact/hooks";
import { Dialog } from "../../parts/Dialog";

interface Props {
  script: string;
  submit: string;
  edited: boolean;
  onTake: (text: string) => void;
  onClose: () => void;
}

export function ScriptDialog({ script, submit, onTake, onClose }: Props) {
  const [text, setText] = useState(script);
  return (
    <Dialog title="Script for the queue" onClose={onClose} foot={
      <>
        <button type="button" class="button" onClick={onClose}>Leave as it was</button>
        <button type="button" class="button likely" onClick={() => onTake(text)}>Use this script</button>
      </>
    }>
      <p class="second">It is handed over with <span class="mono">{submit || "the run profile"}</span>. An edited script is sent as it stands here, and is printed in the job's output.</p>
      <textarea class="field-box mono form-script" aria-label="Script" spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
    </Dialog>
  );
}
