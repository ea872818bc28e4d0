// The worker that makes surfaces, so that the page never waits for one. It holds the grids by name.
import { type Colouring } from "./colours";
import { dusted } from "./dust";
import { type Grid } from "./grid";
import { shade } from "./shade";
import { inverted, surface } from "./surface";

export type Order =
  | { kind: "grid"; key: string; grid: Grid }
  | { kind: "drop"; key: string }
  | { kind: "mesh"; ticket: number; key: string; byte: number; turned: boolean; dust: boolean; colouring: Colouring; colourKey: string };

export interface Made {
  ticket: number;
  positions: Float32Array;
  normals: Float32Array;
  indices: Uint32Array;
  shade: Uint8Array;
  /** Loose pieces that were left out. */
  pieces: number;
}

const grids = new Map<string, Grid>();

addEventListener("message", (event: MessageEvent<Order>) => {
  const order = event.data;
  if (order.kind === "grid") return void grids.set(order.key, order.grid);
  if (order.kind === "drop") return void grids.delete(order.key);
  const held = grids.get(order.key);
  if (!held) return;
  const grid = order.turned ? inverted(held) : held;
  const byte = order.turned ? 255 - order.byte : order.byte;
  const whole = surface(grid, byte);
  const { mesh, pieces } = order.dust ? { mesh: whole, pieces: 0 } : dusted(whole);
  const made: Made = { ticket: order.ticket, ...mesh, pieces, shade: shade(mesh, grid, byte, order.colouring, grids.get(order.colourKey) ?? null) };
  (self as unknown as Worker).postMessage(made, [made.positions.buffer, made.normals.buffer, made.indices.buffer, made.shade.buffer]);
});
