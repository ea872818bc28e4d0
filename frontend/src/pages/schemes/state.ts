// How the state of a Scheme is drawn: the sign of a job's state that means the same.
export const GLYPH: Record<string, string> = { runs: "running", stands: "scheduled", died: "failed" };
