// Which of the frame's floating parts is open.
import { signal } from "@preact/signals";

/** "": closed; all: everything; types: job types alone (N). */
export const paletteOpen = signal<"" | "all" | "types">("");
/** The list of keys, by `?`. */
export const keysOpen = signal(false);
