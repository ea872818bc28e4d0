// Sizes and times of files in words, and bytes as a dump: pure.

const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/** 1234567 -> "1.2 MB". */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value).toLocaleString("en-GB") : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Seconds since 1970 as "20 Nov 2026, 12:03". */
export function when(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
}

/** Lines of a dump: the offset, sixteen bytes, and what of them is plain text. */
export function dump(data: Uint8Array, from: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < data.length; at += 16) {
    const part = [...data.subarray(at, at + 16)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, "0"));
    const left = hex.slice(0, 8).join(" ").padEnd(23);
    const text = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${(from + at).toString(16).padStart(8, "0")}  ${left}  ${hex.slice(8).join(" ").padEnd(23)}  ${text}`);
  }
  return lines;
}
