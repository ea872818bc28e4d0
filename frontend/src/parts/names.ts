// Short names of files in a list: what all of them share at both ends is left out, so that what tells them apart is seen.

/** File names without folder and ending, less a beginning and an end that all share (cut at _ - . or a blank), if that leaves enough. */
export function tellingNames(paths: string[], most = 20): string[] {
  const plain = paths.map((path) => (path.split("/").pop() ?? path).replace(/\.[^.]+$/, ""));
  const longest = plain.reduce((length, name) => Math.max(length, name.length), 0);
  if (plain.length < 2 || longest <= most) return plain;
  const end = shared(plain.map(turned));
  const begin = longest - end <= most ? 0 : shared(plain.map((name) => name.slice(0, name.length - end)));
  return plain.map((name) => name.slice(begin, name.length - end) || name);
}

function turned(name: string): string {
  return [...name].reverse().join("");
}

/** How many characters all names begin with, up to and with a mark between words. */
function shared(names: string[]): number {
  const first = names[0] ?? "";
  let same = first.length;
  for (const name of names) {
    let at = 0;
    while (at < same && at < name.length && name[at] === first[at]) at++;
    same = at;
  }
  while (same > 0 && !/[_\-. ]/.test(first[same - 1]!)) same--;
  return same;
}
