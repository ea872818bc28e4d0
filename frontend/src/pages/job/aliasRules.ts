// RELION's rules for the name of a job, so that a wrong one is told while it is typed; the server checks again.
const FORBIDDEN = new Set("*?()/\"\\|#<>&%{}$'`;");
const LONGEST_BYTES = 240;

/** What is wrong with a name; empty when it may be kept. An empty name takes the name away. */
export function aliasFault(text: string): string {
  const plain = text.trim().replaceAll(" ", "_");
  if (!plain || plain.toLowerCase() === "none") return "";
  if (plain.length < 2) return "A name must have two characters at least.";
  if (plain.startsWith("job")) return "A name must not begin with job.";
  if (new TextEncoder().encode(plain).length > LONGEST_BYTES) return `A name has ${LONGEST_BYTES} bytes at most.`;
  const wrong = [...new Set(plain)].filter((letter) => FORBIDDEN.has(letter) || letter < " ");
  return wrong.length ? `A name must not hold ${wrong.join(" ")}` : "";
}
