// Theme, density, units, size of text.
import { signal } from "@preact/signals";
import { defocusUnit, density, textSize } from "../../app/look";
import { setTheme, theme, type Theme } from "../../app/theme";
import { Choice } from "./Choice";

const KEY = "vitreous.theme";
const wish = signal<Theme | "auto">((localStorage.getItem(KEY) as Theme | null) ?? "auto");

function choose(next: Theme | "auto"): void {
  wish.value = next;
  if (next !== "auto") return setTheme(next);
  localStorage.removeItem(KEY);
  setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light", false);
}

export function Look() {
  return (
    <div class="settings-rows">
      <Choice title="Theme" why={wish.value === "auto" ? `As the system says: ${theme.value} now.` : "Pictures stand in dark wells in both."} value={wish.value} choices={[["auto", "Auto"], ["light", "Light"], ["dark", "Dark"]]} set={choose} />
      <Choice title="Rows of tables" why="Height of a row: 30 or 26 px." value={density.value} choices={[["easy", "Easy"], ["dense", "Dense"]]} set={(value) => (density.value = value)} />
      <Choice title="Defocus" why="Files keep Å, as RELION does." value={defocusUnit.value} choices={[["um", "µm"], ["nm", "nm"], ["A", "Å"]]} set={(value) => (defocusUnit.value = value)} />
      <Choice title="Size of text" why="The whole window grows with it." value={textSize.value} choices={[["1", "1"], ["1.25", "1.25"], ["1.5", "1.5"]]} set={(value) => (textSize.value = value)} />
    </div>
  );
}
