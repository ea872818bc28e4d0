// What ran when: a lane for each device or place, a bar for each run, a line at now. Arrows, buttons and dragging move through time.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { jobs } from "../../app/data";
import { to } from "../../app/place";
import { span as spanWords, when } from "../../app/words";
import { Icon } from "../../parts/Icon";
import { stateToken, stateWord } from "../../parts/Glyph";
import { bestSpan, lanes, SPANS, sums, ticks, type Span } from "./lanes";

const TITLES: [Span, string][] = [["hours", "Hours"], ["days", "Days"], ["weeks", "Weeks"]];
const MOST_BARS = 400;

export function Today() {
  const all = jobs.value ?? [];
  const [chosen, setChosen] = useState<Span>();
  const [moved_s, setMoved] = useState<number>();
  const [now_s, setNow] = useState(Date.now() / 1000);
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), 15000);
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    if (box.current) observer.observe(box.current);
    return () => {
      clearInterval(timer);
      observer.disconnect();
    };
  }, []);
  const best = bestSpan(all, now_s);
  const span = chosen ?? best.span;
  const back_s = moved_s ?? (chosen ? 0 : best.back_s);
  const to_s = now_s + SPANS[span] * 0.08 - back_s;
  const from_s = to_s - SPANS[span];
  const found = useMemo(() => lanes(all, from_s, to_s, now_s), [all, from_s, to_s]);
  const { computed_s, most } = sums(found, from_s, Math.min(to_s, now_s));
  const x = (at_s: number) => ((at_s - from_s) / (to_s - from_s)) * 100;
  const move = (share: number) => setMoved(Math.max(0, back_s + share * SPANS[span]));
  const drag = useRef<{ x: number; back_s: number }>();
  const inSight = (bars: { to_s: number; from_s: number }[]) => bars.slice(-MOST_BARS);
  return (
    <section class="card home-today" aria-label="Runs over time">
      <div class="home-card-head">
        <h2>{span === "hours" && !back_s ? "Today" : "Runs"}</h2>
        <span class="small quiet grow home-sums" aria-live="polite">{computed_s ? `${spanWords(computed_s)} computed · ${most} ${most === 1 ? "job" : "jobs together"} at most` : ""}</span>
        <button type="button" class="button bare icon-only small-button" aria-label="Earlier" onClick={() => move(0.5)}><Icon name="left" /></button>
        <button type="button" class="button bare icon-only small-button" aria-label="Later" disabled={!back_s} onClick={() => move(-0.5)}><Icon name="right" /></button>
        <div class="segments home-small-segments" role="group" aria-label="Span of time">
          {TITLES.map(([word, title]) => <button key={word} type="button" aria-pressed={span === word} onClick={() => { setChosen(word); setMoved(0); }}>{title}</button>)}
        </div>
      </div>
      <div class="home-lanes">
        <div class="home-lane-names" aria-hidden="true">{found.map((lane) => <div key={lane.place} style={{ flex: lane.rows }} class="cut">{lane.place}</div>)}</div>
        <div class="home-lane-box" ref={box}
          onPointerDown={(event) => { if (!(event.target as Element).closest("a")) { drag.current = { x: event.clientX, back_s }; event.currentTarget.setPointerCapture(event.pointerId); } }}
          onPointerMove={(event) => drag.current && setMoved(Math.max(0, drag.current.back_s + ((event.clientX - drag.current.x) / width) * SPANS[span]))}
          onPointerUp={() => (drag.current = undefined)}>
          {ticks(from_s, to_s, Math.max(3, Math.floor(width / 76))).map((tick) => x(tick.at_s) < 97 && <div key={tick.at_s} class="home-tick" style={{ left: `${x(tick.at_s)}%` }}><span>{tick.text}</span></div>)}
          {!found.length && <p class="home-lanes-empty">{all.some((job) => job.started) ? "Nothing ran in this time. Go earlier, or show days or weeks." : "Runs stand here as bars, one lane for each device or place."}</p>}
          <div class="home-lane-rows">
            {found.map((lane) => (
              <ul key={lane.place} class="home-lane" style={{ flex: lane.rows }} aria-label={lane.place}>
                {(inSight(lane.bars) as typeof lane.bars).map((bar) => {
                  const left = Math.max(0, x(bar.from_s));
                  const wide = Math.min(100, x(bar.to_s)) - left;
                  const room = (wide / 100) * width;
                  return (
                    <li key={bar.job.number}>
                      <a class={`home-run ${stateToken(bar.job.state)}`} href={to(`job/${bar.job.number}`)} title={`${bar.job.title}, job${bar.job.number}: ${stateWord(bar.job.state)}, ${when(bar.from_s)}, ${spanWords(bar.to_s - bar.from_s)}`}
                        style={{ left: `${left}%`, width: `max(3px, ${wide}%)`, top: `calc(${(bar.row / lane.rows) * 100}% + 2px)`, height: `calc(${100 / lane.rows}% - 4px)` }}>
                        {room > 34 && <span class="cut">{room > bar.job.title.length * 6.2 + 40 ? `${bar.job.title} ${bar.job.number}` : bar.job.number}</span>}
                        <span class="hidden-text"> {bar.job.title} job{bar.job.number}, {stateWord(bar.job.state)}, {spanWords(bar.to_s - bar.from_s)}</span>
                      </a>
                    </li>
                  );
                })}
              </ul>
            ))}
          </div>
          {x(now_s) <= 100 && <div class="home-now" style={{ left: `${x(now_s)}%` }}><span>now</span></div>}
        </div>
      </div>
    </section>
  );
}
