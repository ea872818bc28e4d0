// The values that a session is judged by: their names, units and scale on the page, and the monitors whose limits they carry.
export interface About {
  title: string;
  unit: string;
  /** Shown value = stored value * scale. */
  scale: number;
  step: number;
  monitors: string[];
}

export const SERIES: Record<string, About> = {
  ctf_resolution_A: { title: "CTF fit", unit: "Å", scale: 1, step: 0.5, monitors: ["fit"] },
  defocus_u_A: { title: "Defocus", unit: "µm", scale: 1e-4, step: 0.1, monitors: ["defocus_high", "defocus_low"] },
  ctf_astigmatism_A: { title: "Astigmatism", unit: "Å", scale: 1, step: 50, monitors: ["astigmatism"] },
  accumulated_motion_A: { title: "Total motion", unit: "Å", scale: 1, step: 1, monitors: ["motion"] },
  phase_shift_deg: { title: "Phase shift", unit: "°", scale: 1, step: 5, monitors: [] },
};

/** How long ago, in the largest unit that tells something: 38 s, 12 min, 5 h, 3 days. */
export function ago(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} days`;
}

/** An axis that holds the values, and limits that are not far from them. */
export function span(values: (number | null)[], limits: number[]): { low: number; high: number } {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const top = Math.max(...known, 0), width = top || 1;
  const near = limits.filter((limit) => limit <= top + 1.5 * width);
  return { low: 0, high: Math.max(top, ...near) * 1.08 || 1 };
}
