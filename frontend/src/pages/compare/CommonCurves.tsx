// The curves that the jobs have in common, one job laid over another, with their names in the legend.
import { useEffect, useState } from "preact/hooks";
import { get, type Schema } from "../../api/client";
import { SheetPlot } from "../../views/curves/CurvesView";
import { shared, type Sheet } from "../../views/curves/sheets";

interface Loaded {
  name: string;
  sheets: Sheet[];
}

export function CommonCurves({ jobs }: { jobs: Schema<"JobRow">[] }) {
  const [loaded, setLoaded] = useState<Loaded[]>([]);
  const key = jobs.map((job) => job.number).join(" ");
  useEffect(() => {
    const stop = new AbortController();
    const one = (job: Schema<"JobRow">): Promise<Loaded> =>
      get<Schema<"CurvesPage">>(`curves/${job.number}`, {}, stop.signal).then(
        (page) => ({ name: `${job.title} ${job.number}`, sheets: page.sheets }),
        () => ({ name: job.title, sheets: [] }),
      );
    void Promise.all(jobs.map(one)).then((found) => stop.signal.aborted || setLoaded(found.filter((each) => each.sheets.length)));
    return () => stop.abort();
  }, [key]);
  if (loaded.length < 2) return null;
  const both = shared(loaded).filter((group) => group.sheets.length > 1);
  if (!both.length) return null;
  return (
    <section class="card" aria-label="Curves">
      <h2>Curves</h2>
      <div class="compare-curves">{both.map((group) => <SheetPlot key={group.kind} sheets={group.sheets} />)}</div>
    </section>
  );
}
