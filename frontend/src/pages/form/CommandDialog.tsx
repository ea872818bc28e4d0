// The exact command of a form, in both forms: as the next job of the project, and by itself with a folder of its own.
import type { Schema } from "../../api/client";
import { say } from "../../app/toasts";
import { Dialog } from "../../parts/Dialog";

interface Props {
  command: Schema<"Command">;
  many: number;
  onClose: () => void;
}

export function CommandDialog({ command, many, onClose }: Props) {
  return (
    <Dialog title="Command" onClose={onClose}>
      {many > 1 && <p class="second">This is the first of {many} jobs.</p>}
      <One title="In the project: as its next job" text={command.pipeline} />
      <One title="Plain: into a folder of its own, without the project" text={command.plain} />
    </Dialog>
  );
}

/** A long command with each option on a line of its own, as a shell takes it too. */
function byLine(text: string): string {
  return text.length > 90 ? text.replace(/ (--)/g, " \\\n    $1") : text;
}

function One({ title, text }: { title: string; text: string }) {
  return (
    <section class="form-command">
      <div class="row">
        <h3 class="grow">{title}</h3>
        <button type="button" class="button small-button" onClick={() => void navigator.clipboard.writeText(text).then(() => say("Copied"))}>Copy</button>
      </div>
      <pre class="mono form-pre" tabIndex={0} aria-label={title}>{byLine(text)}</pre>
    </section>
  );
}
