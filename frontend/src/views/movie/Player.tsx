// One movie: its frames one by one, as a film of 10 per second, or as a running sum; the strip of frames; tracks over it.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { address, get, useResource, type Schema } from "../../api/client";
import { useKeys } from "../../app/keys";
import { Icon } from "../../parts/Icon";
import { look } from "../../parts/pictureLook";
import { scaleBar, toneFilter } from "../../parts/pictureView";
import { Broken, Loading } from "../../parts/messages";
import { Tracks } from "./Tracks";
import "../../parts/picture.css";

const PER_SECOND = 10;

export function Player({ path }: { path: string }) {
  const [gain, setGain] = useState(true);
  const [film, setFilm] = useState<Schema<"Film">>();
  const [fault, setFault] = useState("");
  const track = useResource<Schema<"MovieTrack"> | null>("track", { path });
  useEffect(() => {
    const stop = new AbortController();
    get<Schema<"Film">>("movies/film", { path, gain }, stop.signal).then((found) => (found.fault ? setFault(found.fault) : setFilm(found)), (error: unknown) => !stop.signal.aborted && setFault(error instanceof Error ? error.message : String(error)));
    return () => stop.abort();
  }, [path, gain]);
  const name = path.split("/").pop() ?? path;
  if (fault) return <div class="movies-player"><Broken sentence={fault} /></div>;
  if (!film) return <div class="movies-player"><Loading what={`Reading all frames of ${name}`} height={420} /></div>;
  return <Film path={path} film={film} gain={gain} onGain={setGain} track={track.data ?? undefined} />;
}

function Film(props: { path: string; film: Schema<"Film">; gain: boolean; onGain: (on: boolean) => void; track: Schema<"MovieTrack"> | undefined }) {
  const { film, path, track } = props;
  const [number, setNumber] = useState(film.frames);
  const [plays, setPlays] = useState(false);
  const [sum, setSum] = useState(true);
  const [tracks, setTracks] = useState(true);
  const id = useId();
  const what = sum ? "sum" : "frame";
  const from = (n: number) => address("movies/frame", { path, number: n, what, gain: props.gain, tag: film.tag });
  const step = (by: number) => setNumber((n) => ((n - 1 + by + film.frames) % film.frames) + 1);
  useEffect(() => {
    if (!plays) return;
    const timer = setInterval(() => step(1), 1000 / PER_SECOND);
    return () => clearInterval(timer);
  }, [plays, film.frames]);
  useAhead(from, film.frames, `${path} ${what} ${film.tag}`);
  const strip = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const [all, one] = [strip.current, strip.current?.children[number - 1] as HTMLElement | undefined];
    if (all && one && (one.offsetLeft < all.scrollLeft || one.offsetLeft + one.offsetWidth > all.scrollLeft + all.clientWidth)) all.scrollLeft = one.offsetLeft - all.clientWidth / 2;
  }, [number]);
  const turn = () => setPlays((on) => !on);
  useKeys({
    Space: { title: "Play or pause", run: turn },
    ArrowRight: { title: "Next frame", run: () => step(1) },
    ArrowLeft: { title: "Previous frame", run: () => step(-1) },
  }, "Movies");
  const { sigma, shift, invert } = look.value;
  const tone = toneFilter(shift - sigma, shift + sigma, invert);
  return (
    <section class="movies-player" aria-label={`Movie ${path.split("/").pop()}`}>
      <div class="movies-bar">
        <button type="button" class="button small-button likely" onClick={turn}><Icon name={plays ? "pause" : "run"} />{plays ? "Pause" : "Play"}</button>
        <label class="movies-slide" for={id}>Frame
          <input id={id} type="range" min={1} max={film.frames} value={number} onInput={(event) => { setPlays(false); setNumber(Number(event.currentTarget.value)); }} />
          <output>{number} of {film.frames}</output>
        </label>
        <label class="movies-check"><input type="checkbox" checked={sum} onChange={(event) => setSum(event.currentTarget.checked)} />Running sum</label>
        <label class="movies-check" title={film.gain || "No gain reference is known for this movie"}><input type="checkbox" checked={props.gain && film.gained} disabled={!film.gain} onChange={(event) => props.onGain(event.currentTarget.checked)} />Gain applied</label>
        <label class="movies-check"><input type="checkbox" checked={tracks && Boolean(track)} disabled={!track} onChange={(event) => setTracks(event.currentTarget.checked)} />Tracks</label>
        <span class="grow" />
        <span class="quiet dense">{film.width.toLocaleString("en")} x {film.height.toLocaleString("en")} px{track ? `, moved ${track.total_A.toFixed(1)} Å, ${track.job}` : ", not corrected for motion yet"}</span>
      </div>
      <div class="movies-stage well">
        <Frame from={from(number)} film={film} tone={tone} label={`${sum ? "Sum of frames 1 to" : "Frame"} ${number}`} pixelA={track?.pixel_size_A || film.pixel_size_A}>
          {tracks && track && <Tracks track={track} upTo={number} />}
        </Frame>
      </div>
      <ol class="movies-strip" aria-label="Frames" ref={strip}>
        {Array.from({ length: film.frames }, (_, n) => (
          <li key={n}>
            <button type="button" aria-pressed={number === n + 1} aria-label={`Frame ${n + 1}`} onClick={() => { setPlays(false); setNumber(n + 1); }}>
              <img src={from(n + 1)} alt="" loading="lazy" width={56} height={56} style={{ filter: tone }} />
              <span>{n + 1}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The picture as large as its place allows, with scale bar; marks lie over it in the frame's own pixels. */
function Frame(props: { from: string; film: Schema<"Film">; tone: string; label: string; pixelA: number; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const [edge, setEdge] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => entry && setEdge({ width: entry.contentRect.width, height: entry.contentRect.height }));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const zoom = Math.min(edge.width / props.film.width, edge.height / props.film.height) || 0;
  const bar = zoom ? scaleBar(zoom, props.pixelA, edge.width) : undefined;
  const size = { width: props.film.width * zoom, height: props.film.height * zoom };
  return (
    <div class="movies-box" ref={box}>
      <div class="movies-frame" style={size}>
        <img src={props.from} alt={props.label} style={{ filter: props.tone }} />
        {props.children}
        {bar && <div class="picture-scale" role="img" aria-label={`Scale bar: ${bar.words}`}><i style={{ width: bar.px }} />{bar.words}</div>}
      </div>
    </div>
  );
}

/** Ask for all frames ahead of time, one after another, so that the film does not stop. */
function useAhead(from: (n: number) => string, frames: number, key: string): void {
  useEffect(() => {
    let over = false;
    void (async () => {
      for (let n = 1; n <= frames && !over; n++) {
        const picture = new Image();
        picture.src = from(n);
        await picture.decode().catch(() => undefined);
      }
    })();
    return () => void (over = true);
  }, [key, frames]);
}
