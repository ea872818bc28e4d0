// A small picture of an output that a slot offers: its first particle, micrograph or class, or the middle slice of a map.
import { useEffect, useRef } from "preact/hooks";
import { address, getBytes, type Schema } from "../api/client";
import { drawTile, parseStack } from "./stack";
import { planeOf } from "./slotPlane";

type Offer = Schema<"Offer">;

const SIZE = 32;
/** Larger maps would be too much to fetch for a picture of this size. */
const MOST_BOX = 200;
const PARTICLES_LOWPASS_A = 20;
const MAPS = ["map", "halfmap", "finalmap", "mask", "localres"];

/** Whether there is a picture for an output; the others are told by their words alone. */
export function hasPicture(offer: Offer): boolean {
  if (!offer.ready) return false;
  if (MAPS.includes(offer.kind)) return Boolean(offer.box && offer.box <= MOST_BOX);
  return ["particles", "micrographs"].includes(offer.kind);
}

export function SlotPicture({ offer }: { offer: Offer }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const stop = new AbortController();
    const element = canvas.current;
    if (!element || !hasPicture(offer)) return;
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      draw(element, offer, stop.signal).catch(() => undefined); // without a picture the words remain
    });
    seen.observe(element);
    return () => {
      stop.abort();
      seen.disconnect();
    };
  }, [offer.path, offer.when]);
  return <canvas ref={canvas} class="slot-picture" width={SIZE} height={SIZE} aria-hidden="true" />;
}

async function draw(canvas: HTMLCanvasElement, offer: Offer, signal: AbortSignal): Promise<void> {
  if (MAPS.includes(offer.kind)) {
    const plane = planeOf(await getBytes("volume/slice", { path: offer.path, axis: "z", k: Math.floor((offer.box ?? 0) / 2) }, signal));
    canvas.width = plane.width;
    canvas.height = plane.height;
    canvas.getContext("2d")?.putImageData(new ImageData(plane.rgba, plane.width, plane.height), 0, 0);
  } else if (offer.kind === "particles") {
    const stack = parseStack(await getBytes("stack/tiles", { path: offer.path, indices: "1", size: 2 * SIZE, lowpass: offer.pixel_size_A ? PARTICLES_LOWPASS_A : 0 }, signal));
    if (stack.indices.length) drawTile(canvas, stack, 0, "each", 0);
  } else {
    const answer = await fetch(address("image/sheet", { path: offer.path, rows: "0", columns: 1 }), { signal });
    if (!answer.ok) return;
    const picture = await createImageBitmap(await answer.blob());
    const side = Math.min(picture.width, picture.height);
    canvas.width = canvas.height = 2 * SIZE;
    canvas.getContext("2d")?.drawImage(picture, 0, 0, side, side, 0, 0, canvas.width, canvas.height);
  }
}
