// Keys: switched off, or changed by pressing others.
import { useState } from "preact/hooks";
import { changedKeys, changeKey, keysChanged, keysInView, lettersOff, nameOf, switchLetters } from "../../app/keys";
import { keyWords } from "../../app/KeysHelp";
import { Choice } from "./Choice";

export function KeysPage() {
  const [asking, setAsking] = useState("");
  void keysChanged.value;
  const taken = new Map<string, string>();
  const all = keysInView().flatMap((group) => group.keys);
  for (const key of all) taken.set(key.key, key.title);
  const pressed = (event: KeyboardEvent, ours: string) => {
    if (asking !== ours || ["Shift", "Control", "Alt", "Meta", "Tab"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key !== "Escape") changeKey(ours, nameOf(event));
    setAsking("");
  };
  return (
    <div class="settings-rows">
      <Choice title="Single letters" why="They never act while a field has the focus. Chords with Ctrl stay." value={lettersOff.value ? "off" : "on"} choices={[["on", "On"], ["off", "Off"]]} set={(value) => switchLetters(value === "off")} />
      <p class="second">Keys of the whole window. Those of a page are listed there by <kbd>?</kbd>.</p>
      <table class="rows settings-keys">
        <thead><tr><th>Act</th><th>Key</th><th><span class="hidden-text">Change</span></th></tr></thead>
        <tbody>
          {all.map((key) => {
            const double = all.filter((other) => other.key === key.key).length > 1;
            return (
              <tr key={key.ours}>
                <td>{key.title}</td>
                <td>{keyWords(key.key).map((word, i) => <span key={word}>{i > 0 && " then "}<kbd>{word}</kbd></span>)}{double && <span class="state-fail small"> also used for another act</span>}</td>
                <td class="number">
                  <button type="button" class="button small-button" onClick={() => setAsking(key.ours)} onKeyDown={(event) => pressed(event, key.ours)}>{asking === key.ours ? "Press a key" : "Change"}</button>
                  {changedKeys.value[key.ours] && <button type="button" class="button small-button bare" onClick={() => changeKey(key.ours, "")}>Back to {keyWords(key.ours).join(" then ")}</button>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
