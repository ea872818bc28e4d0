// Radial curves as paths of an SVG, and the Å that stand below them.

export interface Span {
  k: number[];
  low: number;
  high: number;
  width: number;
  height: number;
}

/** A path through the values between two frequencies; 0 at the foot and 1 near the top. */
export function curvePath(at: Span, values: number[]): string {
  let path = "";
  for (let i = 0; i < values.length; i++) {
    const k = at.k[i]!;
    const value = values[i]!;
    if (k < at.low || k > at.high || !Number.isFinite(value)) continue;
    const x = 6 + ((k - at.low) / (at.high - at.low)) * (at.width - 12);
    const y = 4 + (1 - Math.min(1.15, Math.max(-0.1, value))) * (at.height - 10);
    path += `${path ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }
  return path;
}

/** Round Å between two frequencies, not too close to each other. */
export function ringTicks(low: number, high: number): number[] {
  const found: number[] = [];
  let before = low;
  for (const tick of [20, 10, 7, 5, 4, 3.5, 3, 2.5, 2, 1.5, 1.2, 1]) {
    const k = 1 / tick;
    if (k < low || k > high * 0.99 || (found.length && k - before < (high - low) * 0.15)) continue;
    found.push(tick);
    before = k;
  }
  return found;
}
