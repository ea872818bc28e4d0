// The job that was marked for comparison in this tab: the second mark opens the comparison of both.
import { signal } from "@preact/signals";
import { go, to } from "../../app/place";
import { say } from "../../app/toasts";

const KEY = "vitreous.compare";
export const marked = signal(sessionStorage.getItem(KEY) ?? "");

function remember(number: string): void {
  marked.value = number;
  sessionStorage.setItem(KEY, number);
}

/** Mark a job; with another marked already, go to the comparison. Marked twice, it is not marked any more. */
export function markForComparison(number: string): void {
  if (marked.value === number) {
    remember("");
    say(`job${number} is not marked any more`);
  } else if (marked.value) {
    const first = marked.value;
    remember("");
    go(to("compare", { a: first, b: number }));
  } else {
    remember(number);
    say(`job${number} is marked for comparison: press X on another job`, { undo: () => remember("") });
  }
}
