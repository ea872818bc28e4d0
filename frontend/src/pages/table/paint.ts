// Paints counts: two columns as a density in the colours of values, one column as bars.
import { colour } from "../../app/theme";

interface Counts {
  cells: Uint32Array;
  width: number;
  height: number;
}

/** Cividis at nine places: even steps to every eye, dark to light. */
const CIVIDIS = [[0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115], [138, 134, 120], [165, 156, 116], [195, 179, 105], [254, 232, 56]] as const;

function cividis(share: number): readonly [number, number, number] {
  const at = Math.min(0.9999, Math.max(0, share)) * (CIVIDIS.length - 1);
  const [low, high] = [CIVIDIS[Math.floor(at)]!, CIVIDIS[Math.floor(at) + 1]!];
  const part = at - Math.floor(at);
  return [low[0] + (high[0] - low[0]) * part, low[1] + (high[1] - low[1]) * part, low[2] + (high[2] - low[2]) * part];
}

function sized(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const density = Math.min(devicePixelRatio || 1, 2);
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const pen = canvas.getContext("2d")!;
  pen.scale(density, density);
  return pen;
}

export function paintDensity(canvas: HTMLCanvasElement, counts: Counts, width: number, height: number): void {
  const most = Math.log1p(counts.cells.reduce((a, b) => Math.max(a, b), 1));
  const picture = new ImageData(counts.width, counts.height);
  for (let i = 0; i < counts.cells.length; i++) {
    const count = counts.cells[i]!;
    if (!count) continue;
    const [red, green, blue] = cividis(0.25 + (0.75 * Math.log1p(count)) / most);
    picture.data.set([red, green, blue, 255], 4 * i);
  }
  const small = document.createElement("canvas");
  small.width = counts.width;
  small.height = counts.height;
  small.getContext("2d")!.putImageData(picture, 0, 0);
  const pen = sized(canvas, width, height);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, 0, 0, width, height);
}

/** With one column both axes are the same, so that only the diagonal of the counts is filled. */
export function paintHistogram(canvas: HTMLCanvasElement, counts: Counts, width: number, height: number): void {
  const pen = sized(canvas, width, height);
  const bins = Array.from({ length: counts.width }, (_, column) => {
    let sum = 0;
    for (let row = 0; row < counts.height; row++) sum += counts.cells[row * counts.width + column]!;
    return sum;
  });
  const most = Math.max(1, ...bins);
  pen.fillStyle = colour("--s1");
  bins.forEach((count, bin) => {
    const tall = count ? Math.max(1, (count / most) * (height - 4)) : 0;
    pen.fillRect((bin / bins.length) * width + 0.5, height - tall, width / bins.length - 1, tall);
  });
}
