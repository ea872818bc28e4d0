// All jobs as a table: any order, Enter opens.
import { useMemo, useState } from "preact/hooks";
import { jobs, type JobRow } from "../../app/data";
import { typeFilter } from "../../app/folds";
import { rowHeight } from "../../app/look";
import { pageOf } from "../../app/JobItem";
import { go } from "../../app/place";
import { span, when } from "../../app/words";
import { Glyph, STATES } from "../../parts/Glyph";
import { VirtualRows, type RowColumn } from "../../parts/VirtualRows";

const COLUMNS: RowColumn[] = [
  { key: "number", head: "Job", width: 64, sortable: true },
  { key: "title", head: "Title", width: 140, flex: true, sortable: true },
  { key: "type", head: "Type", width: 130, sortable: true },
  { key: "state", head: "State", width: 104, sortable: true },
  { key: "key", head: "Result", width: 116, sortable: true, number: true },
  { key: "started", head: "Begun", width: 112, sortable: true },
  { key: "took", head: "Took", width: 84, sortable: true, number: true },
  { key: "place", head: "Place", width: 84, sortable: true },
];

const took = (job: JobRow) => (job.started && job.ended > job.started ? job.ended - job.started : 0);
const VALUES: Record<string, (job: JobRow) => string | number> = {
  number: (job) => Number(job.number),
  title: (job) => job.title.toLowerCase(),
  type: (job) => job.type_title,
  state: (job) => STATES.indexOf(job.state),
  key: (job) => Number(job.key.replaceAll(",", "").match(/^[\d.]+/)?.[0] ?? -1),
  started: (job) => job.started,
  took,
  place: (job) => job.place,
};

export function JobTable() {
  const [sort, setSort] = useState({ key: "number", down: true });
  const [at, setAt] = useState(-1);
  const all = jobs.value ?? [];
  const rows = useMemo(() => {
    const value = VALUES[sort.key]!;
    const found = all.filter((job) => !typeFilter.value || job.type === typeFilter.value);
    found.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      return (x < y ? -1 : x > y ? 1 : Number(a.number) - Number(b.number)) * (sort.down ? -1 : 1);
    });
    return found;
  }, [all, sort, typeFilter.value]);
  const cell = (row: number, column: RowColumn) => {
    const job = rows[row]!;
    switch (column.key) {
      case "number": return `job${job.number}`;
      case "title": return <a class="cut home-table-title" href={pageOf(job)} tabIndex={-1}>{job.title}</a>;
      case "type": return job.type_title;
      case "state": return <Glyph state={job.state} word />;
      case "key": return job.key;
      case "started": return when(job.started);
      case "took": return took(job) ? span(took(job)) : "";
      default: return job.place;
    }
  };
  return (
    <VirtualRows label="Jobs of the project" count={rows.length} columns={COLUMNS} cell={cell} sort={sort} onSort={(key) => setSort({ key, down: sort.key === key ? !sort.down : false })}
      at={at} onAt={setAt} onOpen={(row) => rows[row] && go(pageOf(rows[row]))} version={rows} rowHeight={rowHeight()} empty={<p class="frame-list-note">No job fits the filter.</p>} />
  );
}
