// A table as a job's result: its rows at once, and the way to the explorer, where it is filtered, plotted and divided.
import { Explorer } from "../../pages/table/Explorer";
import { useRows } from "../../pages/table/rows";
import { query, to } from "../../app/place";
import { Icon } from "../../parts/Icon";
import { Broken, Loading } from "../../parts/messages";
import type { ViewProps } from "../registry";
import "../../pages/table/table.css";

export default function TableView(props: ViewProps) {
  const at = (name: string) => query.value.get(name) ?? "";
  const asked = { path: props.path, block: at("block"), q: "", sort: at("sort") };
  const rows = useRows(asked);
  if (rows.problem && !rows.page) return <Broken sentence={rows.problem.message} />;
  if (!rows.page) return <Loading what={`Reading ${props.path}`} height={400} />;
  return (
    <div class="table-page">
      <div class="row table-bar"><span class="grow" /><a class="button small-button" href={to("table", { path: props.path, block: rows.page.block })}><Icon name="chart" />Open in the explorer</a></div>
      <Explorer rows={rows} page={rows.page} asked={asked} maySave={false} onSave={() => undefined} />
    </div>
  );
}
