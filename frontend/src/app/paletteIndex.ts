// What the palette knows by itself, and how it ranks it: places, jobs, job types, commands, settings. Quick for thousands of jobs.
export type EntryKind = "job" | "type" | "place" | "command" | "setting" | "output" | "note" | "file" | "folder";

export interface Entry {
  kind: EntryKind;
  title: string;
  /** More words by which it is found, and what stands beside it. */
  more: string;
  also?: string;
  icon: string;
  state?: string;
  hint?: string;
  to?: string;
  run?: () => void;
}

interface Indexed {
  entry: Entry;
  /** Title and whole text as words between blanks, so that " word" finds beginnings and " word " whole ones. */
  title: string;
  text: string;
}

const BETWEEN = /[\s./:·_-]+/g;
const spaced = (text: string) => ` ${text.toLowerCase().replace(BETWEEN, " ").trim()} `;

export function index(entries: Entry[]): Indexed[] {
  return entries.map((entry) => ({ entry, title: spaced(entry.title), text: spaced(`${entry.title} ${entry.more} ${entry.also ?? ""}`) }));
}

const WEIGHT: Record<EntryKind, number> = { job: 3, type: 2, place: 4, command: 1, setting: 0, output: 0, note: 0, file: 0, folder: 0 };

/** How well an entry fits: the whole title, its beginning, a word's beginning, anywhere; 0 when a word is not in it. */
export function score(one: Indexed, words: string[]): number {
  let sum = 0;
  for (const word of words) {
    if (!one.text.includes(word)) return 0;
    if (one.title === ` ${word} `) sum += 40;
    else if (one.title.startsWith(` ${word}`)) sum += 20;
    else if (one.text.includes(` ${word} `) || one.text.includes(` job${word} `)) sum += 16;
    else if (one.title.includes(` ${word}`)) sum += 12;
    else sum += one.text.includes(` ${word}`) ? 8 : 2;
  }
  return sum + WEIGHT[one.entry.kind];
}

/** The entries for what was typed: ">" means commands, "#" jobs; a number alone means that job first. */
export function ranked(all: Indexed[], typed: string, most = 60): Entry[] {
  const text = typed.trim().toLowerCase();
  const only: EntryKind[] | undefined = text.startsWith(">") ? ["command", "setting"] : text.startsWith("#") ? ["job"] : undefined;
  const words = (only ? text.slice(1) : text).replace(BETWEEN, " ").split(" ").filter(Boolean);
  const found: [number, number, Entry][] = [];
  all.forEach((one, place) => {
    if (only && !only.includes(one.entry.kind)) return;
    const points = words.length ? score(one, words) : 1 + WEIGHT[one.entry.kind];
    if (points) found.push([points, place, one.entry]);
  });
  found.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  return found.slice(0, most).map(([, , entry]) => entry);
}
