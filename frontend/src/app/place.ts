// Where the window is: the address as signals, and the ways to change it. What can be seen is in the address.
import { computed, signal } from "@preact/signals";

const address = signal(new URL(location.href));

export const path = computed(() => address.value.pathname);
export const query = computed(() => address.value.searchParams);

/** Start of every address of this window: "/p/name", or "/s/token/p/name" for a shared link. */
export const root = computed(() => /^(\/s\/[^/]+)?\/p\/[^/]+/.exec(path.value)?.[0] ?? "");
/** The project's name as the address has it, encoded. */
export const projectName = computed(() => /\/p\/([^/]+)/.exec(path.value)?.[1] ?? "");

function show(): void {
  address.value = new URL(location.href);
}
addEventListener("popstate", show);

/** Go to an address, as a link does. */
export function go(to: string): void {
  history.pushState(null, "", to);
  show();
}

/** Change what the address says of the view, without a new step in the browser's history; null takes a word away. */
export function setQuery(changes: Record<string, string | number | null>): void {
  const next = new URL(location.href);
  for (const [name, value] of Object.entries(changes))
    if (value === null || value === "") next.searchParams.delete(name);
    else next.searchParams.set(name, String(value));
  history.replaceState(null, "", next);
  show();
}

/** The address of a page of this project: to("job/014", {it: 17}). */
export function to(page: string, asked: Record<string, string | number | undefined> = {}): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== undefined && value !== "") said.set(name, String(value));
  const tail = said.toString();
  return `${root.value}/${page}${tail ? `?${tail}` : ""}`;
}

/** Let plain clicks on our own links change the page without loading it anew. */
export function followLinks(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest?.("a");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.target || link.hasAttribute("download") || link.origin !== location.origin || !/^(\/s\/[^/]+)?\/p\//.test(link.pathname)) return;
  event.preventDefault();
  go(link.href);
}
