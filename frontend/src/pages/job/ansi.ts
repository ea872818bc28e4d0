// Colours of a terminal in a line of a log: SGR sequences become runs with a class; every other control character is dropped.
export interface Run {
  text: string;
  class: string;
}

const ESCAPE = /\x1b\[([0-9;]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]/g;
const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

interface Look {
  colour: string;
  bold: boolean;
  faint: boolean;
}

function changed(look: Look, code: number): Look {
  if (code === 0) return { colour: "", bold: false, faint: false };
  if (code === 1) return { ...look, bold: true };
  if (code === 2) return { ...look, faint: true };
  if (code === 22) return { ...look, bold: false, faint: false };
  if (code === 39) return { ...look, colour: "" };
  const at = code >= 30 && code <= 37 ? code - 30 : code >= 90 && code <= 97 ? code - 90 : -1;
  return at < 0 ? look : { ...look, colour: COLOURS[at]! };
}

function classOf(look: Look): string {
  return [look.colour && `ansi-${look.colour}`, look.bold && "ansi-bold", look.faint && "ansi-faint"].filter(Boolean).join(" ");
}

function printable(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "").replace(/\t/g, "    ");
}

/** A line as runs of one look each. Colours of 256 and more are passed over. */
export function runsOf(line: string): Run[] {
  if (!line.includes("\x1b")) return [{ text: printable(line), class: "" }];
  const runs: Run[] = [];
  let look: Look = { colour: "", bold: false, faint: false };
  let from = 0;
  const add = (text: string): void => {
    const plain = printable(text);
    if (plain) runs.push({ text: plain, class: classOf(look) });
  };
  for (const found of line.matchAll(ESCAPE)) {
    add(line.slice(from, found.index));
    from = found.index + found[0].length;
    if (found[2] !== "m") continue;
    const codes = (found[1] || "0").split(";").map(Number);
    for (let i = 0; i < codes.length; i++) {
      if (codes[i] === 38 || codes[i] === 48) i += codes[i + 1] === 5 ? 2 : 4;
      else look = changed(look, codes[i]!);
    }
  }
  add(line.slice(from));
  return runs;
}

/** The line as plain text. */
export function plainOf(line: string): string {
  return printable(line.replace(ESCAPE, ""));
}
