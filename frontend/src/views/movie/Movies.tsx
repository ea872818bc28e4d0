// Movies: the list of a table at the left, and the one in view as a film with its motion.
import { useMemo } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import { useKeys } from "../../app/keys";
import { query, setQuery } from "../../app/place";
import { middle } from "../../app/words";
import { Broken, Empty, Loading } from "../../parts/messages";
import { tellingNames } from "../../parts/names";
import { VirtualRows, type RowColumn } from "../../parts/VirtualRows";
import type { ViewProps } from "../registry";
import { Player } from "./Player";
import "./movie.css";

const COLUMNS: RowColumn[] = [
  { key: "row", head: "No.", width: 46, number: true },
  { key: "name", head: "Movie", width: 140, flex: true },
];

export default function Movies(props: ViewProps) {
  const number = /job(\d{3,})/.exec(props.job)?.[1];
  const found = useResource<Schema<"Movies">>("movies/list", { path: props.path }, number ? [`job:${number}`] : []);
  const names = found.data?.names ?? [];
  const asked = Number(query.value.get("movie") ?? 1) - 1;
  const at = Math.min(Math.max(Number.isFinite(asked) ? asked : 0, 0), Math.max(names.length - 1, 0));
  const goTo = (row: number) => setQuery({ movie: Math.min(Math.max(row, 0), names.length - 1) + 1 });
  useKeys({
    ",": { title: "Previous movie", run: () => goTo(at - 1) },
    ".": { title: "Next movie", run: () => goTo(at + 1) },
  }, "Movies");
  const short = useMemo(() => tellingNames(names, 22), [found.data]);
  const cell = useMemo(
    () => (row: number, column: RowColumn) => (column.key === "row" ? row + 1 : <span title={names[row]}>{middle(short[row] ?? "", 22)}</span>),
    [short],
  );
  if (found.problem && !found.data) return <Broken sentence={found.problem.message} />;
  if (!found.data) return <Loading what="Reading the movies" height={420} />;
  if (!names.length) return <Empty title="No movies yet" why="They stand here as soon as the first have arrived." />;
  return (
    <div class={`movies${names.length > 1 ? "" : " movies-one"}`}>
      {names.length > 1 && (
        <section class="movies-list" aria-label="Movies">
          <VirtualRows label="Movies" count={names.length} columns={COLUMNS} cell={cell} at={at} onAt={goTo} version={found.data} />
        </section>
      )}
      <Player key={names[at]} path={names[at]!} />
    </div>
  );
}
