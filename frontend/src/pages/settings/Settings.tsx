// Settings: each page says where it keeps what is chosen, in files of the project or the user, or in this browser.
import type { ComponentType } from "preact";
import type { PageProps } from "../../app/pages";
import { to } from "../../app/place";
import { Broken } from "../../parts/messages";
import { About } from "./About";
import { KeysPage } from "./KeysPage";
import { Look } from "./Look";
import { NotifyPage } from "./NotifyPage";
import { PlacesPage } from "./PlacesPage";
import { SharingPage } from "./SharingPage";
import "./settings.css";

const PARTS: Record<string, { title: string; part: ComponentType | null; kept: string }> = {
  look: { title: "Look", part: Look, kept: "Kept in this browser." },
  notify: { title: "Notices", part: NotifyPage, kept: "Kept in this browser." },
  keys: { title: "Keys", part: KeysPage, kept: "Kept in this browser." },
  places: { title: "Places", part: PlacesPage, kept: "Kept in files: .vitreous/profiles of the project, then those of this user." },
  templates: { title: "Templates", part: null, kept: "" },
  sharing: { title: "Sharing", part: SharingPage, kept: "Kept by the window's server in files of the project; the addresses themselves are not kept." },
  about: { title: "About and doctor", part: About, kept: "Read from this machine; nothing is kept." },
};

export default function Settings({ params }: PageProps) {
  const name = params["part"] || "look";
  const chosen = PARTS[name];
  const Part = chosen?.part;
  return (
    <div class="settings">
      <nav aria-label="Settings" class="settings-nav">
        <ul>{Object.entries(PARTS).map(([word, part]) => <li key={word}><a href={to(`settings/${word}`)} aria-current={word === name ? "page" : undefined}>{part.title}</a></li>)}</ul>
      </nav>
      <div class="settings-page">
        {chosen && Part ? <><h1>{chosen.title}</h1><p class="small quiet settings-kept">{chosen.kept}</p><Part /></> : <Broken sentence={`There are no settings called ${name}.`} />}
      </div>
    </div>
  );
}
