// The strokes of the editor as steps of a draft: add, remove, move, erase, mark as done, set a limit.
import type { Draft } from "../../parts/draft";
import type { Json } from "../../parts/history";
import { addKey, cutKey, doneKey, freshId, limitKey, type Limits, type Pick } from "./edits";

/** Places are kept to a hundredth of a pixel. */
const rounded = (value: number) => Math.round(value * 100) / 100;

export function addPick(draft: Draft, micrograph: string, x: number, y: number): void {
  draft.do("Add a pick", { [addKey(micrograph, freshId())]: [rounded(x), rounded(y)] });
}

/** What takes picks away: an older one is cut, one of ours is forgotten. */
function gone(micrograph: string, picks: Iterable<Pick>): Map<string, Json> {
  const changes = new Map<string, Json>();
  for (const pick of picks)
    if (pick.added) changes.set(addKey(micrograph, pick.key), null);
    else changes.set(cutKey(micrograph, pick.x, pick.y), pick.score ?? true);
  return changes;
}

export function removePicks(draft: Draft, micrograph: string, picks: Pick[], title = ""): void {
  if (picks.length) draft.do(title || (picks.length === 1 ? "Remove a pick" : `Remove ${picks.length} picks`), gone(micrograph, picks));
}

export function movePick(draft: Draft, micrograph: string, pick: Pick, x: number, y: number): void {
  const changes = gone(micrograph, [pick]);
  changes.set(addKey(micrograph, pick.added ? pick.key : freshId()), [rounded(x), rounded(y)]);
  draft.do("Move a pick", changes);
}

export function setDone(draft: Draft, micrograph: string, done: boolean): void {
  draft.do(done ? "Done with a micrograph" : "Not done with a micrograph", { [doneKey(micrograph)]: done || null });
}

/** pull: a slider is being pulled, whose whole way is one step. */
export function setLimit(draft: Draft, name: keyof Limits, value: number | null, pull = false): void {
  const words = { least: "Lowest score", most: "Highest score", distance: "Smallest distance" };
  draft.do(words[name], { [limitKey(name)]: value }, pull ? name : "");
}
