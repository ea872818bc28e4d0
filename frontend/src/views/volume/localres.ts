// Maps of local resolution: which map's surface they colour, and where their scale begins and ends.
import { get } from "../../api/client";
import type { Info } from "./layers";
import type { Listed } from "./viewer";

/** The map whose surface is coloured: the filtered one beside, else the sharpened or refined one; "" where there is none of its size. */
export async function surfaceFor(path: string): Promise<string> {
  const rows = await get<Listed[]>("volume/list", { near: path }).catch(() => []);
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const maps = rows.filter((row) => row.path !== path && (row.kind === "map" || row.kind === "finalmap"));
  const found = maps.find((row) => row.path.startsWith(folder) && /filtered/i.test(row.path)) ?? maps.find((row) => row.kind === "finalmap") ?? maps[0];
  if (!found) return "";
  const [here, there] = await Promise.all([get<Info>("volume/info", { path }), get<Info>("volume/info", { path: found.path })]);
  return here.shape.every((n, axis) => n === there.shape[axis]) ? found.path : "";
}

/** "10 % is worse than 4.2 Å": what a map of local resolutions says in a sentence. */
export function inSentence(info: Pick<Info, "low" | "high" | "histogram">): string {
  const { low, middle, high } = spread(info, 0.1);
  return `Half is better than ${middle.toFixed(1)} Å; 10 % is better than ${low.toFixed(1)} Å, 10 % worse than ${high.toFixed(1)} Å.`;
}

/** The bin of the value that stands where nothing is known, if much of the box has one and the same; else -1. */
export function background(info: Pick<Info, "histogram">): number {
  const most = Math.max(...info.histogram);
  return most > 0.4 * info.histogram.reduce((sum, count) => sum + count, 0) ? info.histogram.indexOf(most) : -1;
}

/** The 2nd and 98th percentile of the resolutions that are known (above 0), and the middle one. */
export function spread(info: Pick<Info, "low" | "high" | "histogram">, tail = 0.02): { low: number; middle: number; high: number } {
  const value = (bin: number) => info.low + (bin / 255) * (info.high - info.low);
  const nothing = background(info);
  const counts = info.histogram.map((count, bin) => (value(bin) > 0.04 * info.high && bin !== nothing ? count : 0));
  const total = counts.reduce((sum, count) => sum + count, 0) || 1;
  const at = (share: number) => {
    let sum = 0;
    for (let bin = 0; bin < 256; bin++) if ((sum += counts[bin]!) >= share * total) return value(bin);
    return info.high;
  };
  return { low: at(tail), middle: at(0.5), high: at(1 - tail) };
}
