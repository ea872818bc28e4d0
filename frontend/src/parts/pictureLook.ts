// How pictures are toned and filtered: one look for all micrographs, remembered in this browser.
import { signal } from "@preact/signals";

export interface PictureLook {
  /** Black and white stand so many standard deviations from the mean. */
  sigma: number;
  /** Moves both, in standard deviations: above 0 is darker. */
  shift: number;
  invert: boolean;
  /** Å; 0: none. */
  lowpass: number;
  highpass: number;
}

const KEY = "vitreous.picture";
const USUAL: PictureLook = { sigma: 3, shift: 0, invert: false, lowpass: 20, highpass: 0 };
export const LOWPASS_A = [0, 5, 8, 10, 15, 20, 30, 40, 60, 100];
export const HIGHPASS_A = [0, 1000, 600, 400, 300, 200];

function remembered(): PictureLook {
  try {
    return { ...USUAL, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<PictureLook>) };
  } catch {
    return USUAL;
  }
}

export const look = signal<PictureLook>(remembered());

export function setLook(changes: Partial<PictureLook>): void {
  look.value = { ...look.value, ...changes };
  localStorage.setItem(KEY, JSON.stringify(look.value));
}

export function usualLook(): void {
  setLook(USUAL);
}
