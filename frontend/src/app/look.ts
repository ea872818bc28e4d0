// How the window looks in this browser: density of rows, units of defocus, size of text; kept in the browser, and said to be so.
import { effect, signal } from "@preact/signals";

function kept<T extends string>(name: string, otherwise: T) {
  const found = signal<T>((localStorage.getItem(`vitreous.${name}`) as T | null) ?? otherwise);
  effect(() => localStorage.setItem(`vitreous.${name}`, found.value));
  return found;
}

/** Rows of tables: 30 or 26 px. */
export const density = kept<"easy" | "dense">("density", "easy");
/** Unit in which defocus is shown. */
export const defocusUnit = kept<"nm" | "um" | "A">("defocus", "um");
/** Text 1, 1.25 or 1.5 times. */
export const textSize = kept<"1" | "1.25" | "1.5">("text", "1");

/** Height of a table's rows in px. */
export function rowHeight(): number {
  return density.value === "dense" ? 26 : 30;
}

/** A defocus in Å as the user wishes to see it, with its unit. */
export function defocus(value_A: number): string {
  if (defocusUnit.value === "A") return `${Math.round(value_A).toLocaleString("en-GB")} Å`;
  return defocusUnit.value === "nm" ? `${Math.round(value_A / 10).toLocaleString("en-GB")} nm` : `${(value_A / 1e4).toFixed(2)} µm`;
}

/** Let the page follow these choices. */
export function applyLook(): void {
  effect(() => {
    document.documentElement.dataset.density = density.value;
    document.documentElement.style.setProperty("zoom", textSize.value);
    document.documentElement.style.setProperty("--zoom", textSize.value);
  });
}
