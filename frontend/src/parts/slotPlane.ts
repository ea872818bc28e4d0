// A plane of a map as the server sends it, as grey pixels: 32 bytes of head, then 16 bits a pixel from the lowest value to the highest.
export interface Plane {
  width: number;
  height: number;
  rgba: Uint8ClampedArray<ArrayBuffer>;
}

const HEAD_BYTES = 32;

/** Grey from the darkest to the brightest pixel of this very plane. */
export function planeOf(answer: ArrayBuffer): Plane {
  const head = new DataView(answer);
  const [width, height] = [head.getInt32(0, true), head.getInt32(4, true)];
  const values = new Uint16Array(answer, HEAD_BYTES, width * height);
  let [low, high] = [65535, 0];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const rgba = new Uint8ClampedArray(4 * width * height);
  const span = high - low || 1;
  for (let i = 0; i < values.length; i++) {
    const grey = (255 * (values[i]! - low)) / span;
    rgba[4 * i] = rgba[4 * i + 1] = rgba[4 * i + 2] = grey;
    rgba[4 * i + 3] = 255;
  }
  return { width, height, rgba };
}
