// Tiles of a stack of images as one binary: 8 bits a pixel, with the values that black and white stand for, for each image and for all.
import { useEffect, useState } from "preact/hooks";
import { address, type Asked, getBytes } from "../api/client";

export interface Stack {
  /** Numbers of the images in the stack, from 1, in the order of the tiles. */
  indices: number[];
  /** Side of a tile in pixels. */
  size: number;
  /** Values of black and white of each tile's bytes. */
  low: number[];
  high: number[];
  /** Values for black and white when all are shown alike. */
  common: [number, number];
  /** Å of a pixel of the tile; 0 where it is not known. */
  pixel_A: number;
  bytes: Uint8Array;
  /** Place of each number among the tiles. */
  at: Map<number, number>;
}

interface Head {
  indices: number[];
  size: number;
  low: number[];
  high: number[];
  common: [number, number];
  pixel_A: number;
}

/** Read the answer of /stack/tiles: four bytes with the length of the head, the head as JSON, the tiles. */
export function parseStack(answer: ArrayBuffer): Stack {
  const length = new DataView(answer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(answer, 4, length))) as Head;
  return { ...head, bytes: new Uint8Array(answer, 4 + length), at: new Map(head.indices.map((number, place) => [number, place])) };
}

export type Contrast = "one" | "each";

/** Grey for each of the 256 bytes of a tile, so that black and white stand for the chosen values. */
function toneTable(stack: Stack, place: number, contrast: Contrast, within?: [number, number]): Uint8ClampedArray {
  const [black, white] = within ?? (contrast === "one" ? stack.common : [stack.low[place]!, stack.high[place]!]);
  const [low, high] = [stack.low[place]!, stack.high[place]!];
  const table = new Uint8ClampedArray(256);
  const span = white - black || 1;
  for (let byte = 0; byte < 256; byte++) table[byte] = (255 * (low + ((high - low) * byte) / 255 - black)) / span;
  return table;
}

/** Draw a tile on a canvas of its own size; round: radius of a soft circle as part of half the side, 0: the whole square. */
export function drawTile(canvas: HTMLCanvasElement, stack: Stack, place: number, contrast: Contrast, round: number): void {
  const { size } = stack;
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d")!;
  const picture = pen.createImageData(size, size);
  const tones = toneTable(stack, place, contrast);
  const bytes = stack.bytes.subarray(place * size * size, (place + 1) * size * size);
  const edge = round ? softEdge(size, round) : null;
  const ground = round ? rimTone(bytes, tones, size, round) : 0;
  for (let i = 0; i < bytes.length; i++) {
    let grey = tones[bytes[i]!]!;
    if (edge) grey = ground + (grey - ground) * edge[i]!;
    picture.data[4 * i] = picture.data[4 * i + 1] = picture.data[4 * i + 2] = grey;
    picture.data[4 * i + 3] = 255;
  }
  pen.putImageData(picture, 0, 0);
}

const edges = new Map<string, Float32Array>();

function softEdge(size: number, round: number): Float32Array {
  const key = `${size} ${round.toFixed(3)}`;
  const known = edges.get(key);
  if (known) return known;
  const edge = new Float32Array(size * size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const away = Math.hypot(x - size / 2 + 0.5, y - size / 2 + 0.5) / (size / 2);
      edge[y * size + x] = away < round - 0.1 ? 1 : away > round ? 0 : 0.5 + 0.5 * Math.cos((Math.PI * (away - round + 0.1)) / 0.1);
    }
  edges.set(key, edge);
  return edge;
}

/** The mean grey just inside the circle, so that the mask has no visible step. */
function rimTone(bytes: Uint8Array, tones: Uint8ClampedArray, size: number, round: number): number {
  let sum = 0;
  for (let k = 0; k < 64; k++) {
    const radius = 0.5 * size * (round - 0.1);
    const x = Math.floor(size / 2 + radius * Math.cos((k * Math.PI) / 32));
    const y = Math.floor(size / 2 + radius * Math.sin((k * Math.PI) / 32));
    sum += tones[bytes[y * size + x]!]!;
  }
  return sum / 64;
}

/** The radius of the mask in which particles were aligned, as part of half the side; nearly the whole tile where it is not known. */
export function roundOf(stack: Stack | undefined, diameter_A: number | null | undefined): number {
  const side_A = (stack?.pixel_A ?? 0) * (stack?.size ?? 0);
  return side_A && diameter_A ? Math.max(0.4, Math.min(0.98, diameter_A / side_A)) : 0.98;
}

const kept = new Map<string, Stack>();
const MOST_KEPT = 12;

/** A stack's tiles; what was seen last is kept, so that going back costs nothing. */
export async function loadStack(asked: Asked, signal?: AbortSignal): Promise<Stack> {
  const key = address("stack/tiles", asked);
  const known = kept.get(key);
  if (known) {
    kept.delete(key);
    kept.set(key, known);
    return known;
  }
  const stack = parseStack(await getBytes("stack/tiles", asked, signal));
  kept.set(key, stack);
  for (const old of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(old);
  return stack;
}

export interface StackState {
  stack: Stack | undefined;
  problem: string;
  updating: boolean;
}

/** The tiles of a stack for a component; old tiles stay until the new ones are here. An empty path asks for nothing. */
export function useStack(asked: Asked): StackState {
  const [state, setState] = useState<StackState>({ stack: undefined, problem: "", updating: true });
  const key = asked.path ? address("stack/tiles", asked) : "";
  useEffect(() => {
    if (!key) return setState({ stack: undefined, problem: "", updating: false });
    const stop = new AbortController();
    setState((old) => ({ ...old, updating: true }));
    loadStack(asked, stop.signal).then(
      (stack) => setState({ stack, problem: "", updating: false }),
      (error: unknown) => !stop.signal.aborted && setState({ stack: undefined, problem: error instanceof Error ? error.message : String(error), updating: false }),
    );
    return () => stop.abort();
  }, [key]);
  return state;
}
