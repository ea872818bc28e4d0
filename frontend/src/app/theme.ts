// Light or dark: as the system says until the user chooses; ?theme= in the address wins for one visit.
import { signal } from "@preact/signals";

export type Theme = "light" | "dark";
const KEY = "vitreous.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function wished(): Theme {
  const said = new URLSearchParams(location.search).get("theme") ?? localStorage.getItem(KEY);
  return said === "light" || said === "dark" ? said : system.matches ? "dark" : "light";
}

export const theme = signal<Theme>(wished());

/** Put the theme on the page, and follow the system while the user has not chosen. */
export function applyTheme(): void {
  document.documentElement.dataset.theme = theme.value;
  system.addEventListener("change", () => setTheme(wished(), false));
}

/** Choose a theme; `keep` remembers it in this browser. */
export function setTheme(next: Theme, keep = true): void {
  theme.value = next;
  document.documentElement.dataset.theme = next;
  if (keep) localStorage.setItem(KEY, next);
}

/** The colour of a token as it stands, for canvases: colour("--s1"). */
export function colour(token: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(token).trim();
}
