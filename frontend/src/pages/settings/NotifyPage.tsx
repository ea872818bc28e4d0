// Notices of the system while this tab is hidden.
import { useState } from "preact/hooks";
import { notify, type Notify } from "../../app/Announce";
import { Choice } from "./Choice";

export function NotifyPage() {
  const there = typeof Notification !== "undefined";
  const [allowed, setAllowed] = useState(there ? Notification.permission : "denied");
  const choose = async (wish: Notify) => {
    notify.value = wish;
    if (wish !== "off" && there && allowed === "default") setAllowed(await Notification.requestPermission());
  };
  return (
    <div class="settings-rows">
      <Choice title="Notices of the system" why="Shown while this tab is hidden. The bell and the number in the tab's title are always there." value={notify.value} choices={[["off", "None"], ["needs", "What needs me"], ["all", "Every end too"]]} set={(wish) => void choose(wish)} />
      {notify.value !== "off" && allowed !== "granted" && <p class="second">{there ? "The browser does not allow notices for this address; its own settings can change that." : "This browser has no notices for this address; they need https or an address of this machine."}</p>}
    </div>
  );
}
