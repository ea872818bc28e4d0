// The jobs of the project in groups, beside every page: arrows move, Enter opens, `T` leads back to the present job.
import { useEffect, useRef, useState } from "preact/hooks";
import { Empty, Loading } from "../parts/messages";
import { Icon } from "../parts/Icon";
import { Menu } from "../parts/Menu";
import { byNumber, jobs, trouble, types } from "./data";
import { jobOrder, presentJob, readMarks, typeFilter, type Order } from "./folds";
import { fits, groups } from "./groups";
import { JobItem } from "./JobItem";

const ORDERS: [Order, string][] = [["time", "Newest first"], ["name", "By name"], ["type", "By type"]];
const STEP = 150;

export function JobList(props: { home?: boolean }) {
  const [words, setWords] = useState("");
  const [shown, setShown] = useState(STEP);
  const [at, setAt] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const arrived = useRef(false);
  const all = jobs.value;
  const of_type = types.value?.types.find((type) => type.type === typeFilter.value);
  const fitting = (all ?? []).filter((job) => (!typeFilter.value || job.type === typeFilter.value) && (!words.trim() || fits(job, words.trim())));
  const found = groups(fitting, jobOrder.value, readMarks.value, Date.now() / 1000);
  const first = found[0]?.jobs[0]?.number ?? "";
  const focus = at && fitting.some((job) => `${job.number}` === at) ? at : byNumber.value.has(presentJob.value) && fitting.some((job) => job.number === presentJob.value) ? presentJob.value : first;

  useEffect(() => {
    // The first row that needs the user has the focus on arrival, unless the user is somewhere already.
    if (!props.home || arrived.current || !all) return;
    arrived.current = true;
    if (found[0]?.title === "Needs you" && document.activeElement === document.body) list.current?.querySelector<HTMLElement>("a.frame-job")?.focus({ preventScroll: true });
  }, [all]);

  const move = (event: KeyboardEvent) => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>("a.frame-job") ?? [])];
    const here = rows.indexOf(document.activeElement as HTMLElement);
    const steps: Record<string, number> = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 };
    const step = steps[event.key];
    if (step === undefined || here < 0) return;
    event.preventDefault();
    const next = rows[Math.max(0, Math.min(rows.length - 1, step))];
    setAt(next?.dataset.job ?? "");
    next?.focus();
  };
  const more = (event: Event) => {
    const box = event.currentTarget as HTMLElement;
    if (box.scrollTop + box.clientHeight > box.scrollHeight - 600) setShown((n) => (n < fitting.length ? n + STEP : n));
  };
  let left = shown;
  let focused = false;
  return (
    <section class="frame-list" aria-label="Jobs" id="jobs">
      <div class="frame-list-head">
        <h2>Jobs</h2>
        <span class="small quiet" aria-live="polite">{all ? (fitting.length === all.length ? all.length : `${fitting.length} of ${all.length}`) : ""}</span>
        <span class="grow" />
        <Menu title="Order and filter of jobs" icon="sort" iconOnly acts={[
          ...ORDERS.map(([order, title], i) => ({ title, chosen: jobOrder.value === order, run: () => (jobOrder.value = order), ...(i === 0 ? { group: "Order" } : {}) })),
          { title: "All types", chosen: !typeFilter.value, group: "Show", run: () => (typeFilter.value = "") },
          ...(types.value?.types ?? []).filter((type) => all?.some((job) => job.type === type.type)).map((type) => ({ title: type.title, chosen: typeFilter.value === type.type, run: () => (typeFilter.value = type.type) })),
        ]} />
      </div>
      <div class="frame-list-find">
        <Icon name="filter" />
        <input type="search" aria-label="Filter jobs" placeholder="Filter jobs" value={words} onInput={(event) => setWords(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "ArrowDown" && (list.current?.querySelector<HTMLElement>("a.frame-job")?.focus(), event.preventDefault())} />
      </div>
      {of_type && <p class="frame-list-filter"><span class="chip">{of_type.title}</span><button type="button" class="button small-button bare" onClick={() => (typeFilter.value = "")}>Show all</button></p>}
      <div class="frame-list-rows" ref={list} onKeyDown={move} onScroll={more}>
        {trouble.value && !all && <p class="frame-list-note">{trouble.value}</p>}
        {!all && !trouble.value && <Loading what="Reading the jobs" height={300} />}
        {all && !all.length && <Empty title="No jobs yet" why="The first job stands here as soon as it is begun." />}
        {all && all.length > 0 && !fitting.length && <p class="frame-list-note">No job fits. Type fewer words, or show all types.</p>}
        {found.map((group) => {
          const drawn = group.jobs.slice(0, Math.max(0, left));
          left -= drawn.length;
          return (
            <div key={group.title} role="group" aria-label={group.title}>
              <h3>{group.title}<span>{group.jobs.length}</span></h3>
              {drawn.map((job) => {
                const takes = !focused && job.number === focus;
                focused ||= takes;
                return <JobItem key={job.number} job={job} focusable={takes} failure={Boolean(props.home) && group.title === "Needs you"} />;
              })}
            </div>
          );
        })}
      </div>
    </section>
  );
}

/** Back to the present job in the list: it is scrolled to and takes the focus. Whether there is one. */
export function toPresent(): boolean {
  const row = document.querySelector<HTMLElement>(`a.frame-job[data-job="${presentJob.value}"]`);
  row?.scrollIntoView({ block: "center" });
  row?.focus({ preventScroll: true });
  return Boolean(row);
}
