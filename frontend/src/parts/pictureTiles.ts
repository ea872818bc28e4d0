// Fetches the first picture and the tiles in view: the nearest first, twelve at most under way, what is no longer seen called back.
import { address } from "../api/client";
import type { TilePlace } from "./pictureView";

/** What of a file is asked for; words of the server's addresses. */
export interface PictureAsked {
  path: string;
  frame?: string;
  /** Å; 0: none. */
  lowpass?: number;
  highpass?: number;
  /** Å, where tables know it better than the file. */
  pixel?: number;
}

const AT_ONCE = 12;
const KEPT = 120;

/** The pictures of one file with one set of filters. */
export class PictureTiles {
  first: ImageBitmap | undefined;
  /** What the server said when the first picture could not be had. */
  fault = "";
  private readonly tiles = new Map<string, ImageBitmap>();
  private readonly underWay = new Map<string, AbortController>();
  private wanted: TilePlace[] = [];
  private failed = new Set<string>();
  private over = false;

  constructor(
    private readonly asked: PictureAsked,
    private readonly changed: () => void,
  ) {}

  tile(place: TilePlace): ImageBitmap | undefined {
    return this.tiles.get(nameOf(place));
  }

  /** The tiles in view, in the order in which they are wanted. */
  want(places: TilePlace[], tag: string): void {
    this.wanted = places;
    const names = new Set(places.map(nameOf));
    for (const [name, stop] of this.underWay) if (!names.has(name)) stop.abort();
    this.next(tag);
  }

  close(): void {
    this.over = true;
    for (const stop of this.underWay.values()) stop.abort();
    for (const tile of this.tiles.values()) tile.close();
    this.first?.close();
    this.tiles.clear();
  }

  /** Fetch the first picture; `tag` is the server's word for the file as it is. */
  async begin(tag: string): Promise<void> {
    try {
      const picture = await fetched(address("image/thumb/1024", { ...this.asked, tag }));
      if (this.over) return picture.close();
      this.first = picture;
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
    }
    this.changed();
  }

  private next(tag: string): void {
    for (const place of this.wanted) {
      if (this.underWay.size >= AT_ONCE || this.over) return;
      const name = nameOf(place);
      if (this.tiles.has(name) || this.underWay.has(name) || this.failed.has(name)) continue;
      const stop = new AbortController();
      this.underWay.set(name, stop);
      void fetched(address(`image/tile/${name}`, { ...this.asked, tag }), stop.signal)
        .then((tile) => this.keep(name, tile))
        .catch(() => !stop.signal.aborted && this.failed.add(name))
        .finally(() => {
          this.underWay.delete(name);
          this.next(tag);
        });
    }
  }

  private keep(name: string, tile: ImageBitmap): void {
    if (this.over) return tile.close();
    this.tiles.set(name, tile);
    const seen = new Set(this.wanted.map(nameOf));
    for (const [oldest, old] of this.tiles) {
      if (this.tiles.size <= KEPT) break;
      if (seen.has(oldest)) continue;
      old.close();
      this.tiles.delete(oldest);
    }
    this.changed();
  }
}

function nameOf(place: TilePlace): string {
  return `${place.level}/${place.x}/${place.y}`;
}

async function fetched(from: string, signal?: AbortSignal): Promise<ImageBitmap> {
  const answer = await fetch(from, { signal: signal ?? null });
  if (!answer.ok) {
    const body = (await answer.json().catch(() => null)) as { sentence?: string } | null;
    throw new Error(body?.sentence ?? `The server said ${answer.status}.`);
  }
  return createImageBitmap(await answer.blob());
}
