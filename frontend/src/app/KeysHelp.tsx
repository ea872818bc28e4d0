// The keys of the present page and of the whole window, by `?`.
import { Icon } from "../parts/Icon";
import { Floating } from "./Floating";
import { keysChanged, keysInView, lettersOff } from "./keys";
import { keysOpen } from "./open";
import { to } from "./place";

/** A key as people read it: "Ctrl K", "G then H". */
export function keyWords(key: string): string[] {
  return key.split(" ").map((part) => part.split("+").map((word) => (word.length === 1 ? word.toUpperCase() : word.replace("Arrow", "").replace("Escape", "Esc"))).join(" "));
}

export default function KeysHelp() {
  void keysChanged.value;
  const close = () => (keysOpen.value = false);
  return (
    <Floating title="Keys" close={close} kind="frame-keys">
      <div class="row frame-keys-head"><h2 class="grow">Keys</h2><a class="small" href={to("settings/keys")} onClick={close}>Change keys</a>
        <button type="button" class="button bare icon-only" aria-label="Close" onClick={close}><Icon name="close" /></button></div>
      {lettersOff.value && <p class="small second">Single letters are switched off in the settings.</p>}
      <div class="frame-keys-groups">
        {keysInView().filter((group) => group.keys.length).map((group) => (
          <section key={group.group} aria-label={group.group}>
            <h3>{group.group}</h3>
            <dl>
              {group.keys.map((key) => (
                <div key={key.ours}><dt>{keyWords(key.key).map((word, i) => <span key={word}>{i > 0 && <span class="small quiet"> then </span>}<kbd>{word}</kbd></span>)}</dt><dd>{key.title}</dd></div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Floating>
  );
}
