// Words about an output that a slot offers: job and alias, count with box and pixel size, age.
import type { Schema } from "../api/client";

type Offer = Schema<"Offer">;

/** The job of an output, with its alias and the file where the job made several. */
export function where(offer: Pick<Offer, "alias" | "name" | "path">): string {
  const file = offer.path.split("/").pop() ?? "";
  const job = offer.name.split("/").pop() ?? offer.name;
  return offer.alias ? `${offer.alias} · ${job} · ${file}` : `${offer.name} · ${file}`;
}

/** What is in it: "187,440 particles, 128 px, 0.885 Å/px". */
export function about(offer: Pick<Offer, "count" | "unit" | "box" | "pixel_size_A" | "ready">): string {
  const said: string[] = [];
  if (offer.count != null) said.push(`${offer.count.toLocaleString("en")} ${offer.unit ?? ""}`.trim());
  if (offer.box) said.push(`${offer.box} px`);
  if (offer.pixel_size_A) said.push(`${offer.pixel_size_A} Å/px`);
  if (!offer.ready) said.push("not made yet");
  return said.join(", ");
}

/** How long ago, roughly: "2 h ago". `now_s` is for tests. */
export function ago(when_s: number, now_s = Date.now() / 1000): string {
  if (!when_s) return "";
  const s = Math.max(0, now_s - when_s);
  if (s < 90) return "just now";
  if (s < 5400) return `${Math.round(s / 60)} min ago`;
  if (s < 129600) return `${Math.round(s / 3600)} h ago`;
  return `${Math.round(s / 86400)} days ago`;
}
