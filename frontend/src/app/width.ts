// Whether the window is as narrow as a phone; the home is the glance then, and rail and list are away.
import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 640px)");
export const narrow = signal(query.matches);
query.addEventListener("change", () => (narrow.value = query.matches));
