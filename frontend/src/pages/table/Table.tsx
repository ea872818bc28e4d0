// Any table: blocks and columns at the left, rows in the middle, a plot at the right; filter in words, outline, save as a subset.
import { useEffect, useRef, useState } from "preact/hooks";
import { act, get, type Schema } from "../../api/client";
import { mayAct } from "../../app/data";
import { query, setQuery, to } from "../../app/place";
import { say, sayError } from "../../app/toasts";
import { Icon } from "../../parts/Icon";
import { Broken, Empty, Loading } from "../../parts/messages";
import { Explorer } from "./Explorer";
import { useRows, type Asked } from "./rows";
import "./table.css";

export default function Table() {
  const path = query.value.get("path") ?? "";
  if (!path)
    return (
      <div class="table-page">
        <h1 class="table-alone">Tables</h1>
        <Empty title="No table is named" why="Open a STAR file from a job's files, or from the files of the project.">
          <a class="button" href={to("view")}>Files of the project</a>
        </Empty>
      </div>
    );
  return <Named key={path} path={path} />;
}

/** The table of a path; what is asked of it stands in the address. */
function Named({ path }: { path: string }) {
  const at = (name: string) => query.value.get(name) ?? "";
  const asked = { path, block: at("block"), q: at("q"), sort: at("sort") };
  const rows = useRows(asked);
  const { page, problem } = rows;
  const name = path.slice(path.lastIndexOf("/") + 1);
  useEffect(() => {
    document.title = `${name} · vitreous`;
  }, [name]);
  const save = async (wished: Partial<Schema<"Subset">>) => {
    try {
      const made = await act<Schema<"Made">>("POST", "table/subset", { path, block: page?.block ?? "", rule: asked.q, ...wished });
      say(`The subset is saved as ${made.name}`, { link: { title: "Open", to: to(`job/${made.number}`) } });
    } catch (error) {
      sayError(error);
    }
  };
  return (
    <div class="table-page">
      <header class="table-head">
        <div class="table-title">
          <h1 class="cut" title={path}>{name}</h1>
          <p class="dense second cut mono">{path.slice(0, -name.length)}</p>
        </div>
        {page && <Filter asked={{ ...asked, block: page.block }} onSay={(q) => setQuery({ q, row: null })} />}
        <a class="button small-button" href={to("view", { path, as: "text" })}><Icon name="info" />Raw text</a>
      </header>
      {problem && !page && <Broken sentence={problem.message} />}
      {!page && !problem && <Loading what={`Reading ${name}`} height={400} />}
      {page && <Explorer rows={rows} page={page} asked={asked} maySave={mayAct.value && !!page.can_select} onSave={(wished) => void save(wished)} />}
    </div>
  );
}

/** The filter in words; it is tried when typing pauses, and a rule that is not understood leaves the rows as they are. */
function Filter(props: { asked: Asked; onSay: (q: string) => void }) {
  const { path, block, q } = props.asked;
  const [typed, setTyped] = useState(q);
  const [fault, setFault] = useState("");
  const latest = useRef(typed);
  latest.current = typed.trim();
  const tried = async (wished: string) => {
    if (wished === q) return setFault("");
    const said = wished ? await get<Schema<"RuleCheck">>("table/rule", { path, block, q: wished }).catch((error: Error) => ({ sentence: error.message })) : { sentence: "" };
    if (latest.current !== wished) return;
    setFault(said.sentence);
    if (!said.sentence) props.onSay(wished);
  };
  useEffect(() => {
    setTyped(q);
    setFault("");
  }, [q, block]);
  useEffect(() => {
    const timer = setTimeout(() => void tried(latest.current), 400);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <form class="table-filter" role="search" onSubmit={(event) => (event.preventDefault(), void tried(typed.trim()))}>
      <Icon name="filter" />
      <input class="field-box" type="search" aria-label="Filter in words" aria-describedby="table-filter-said" aria-invalid={!!fault} placeholder="defocus > 20000 and class in 1,3" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      <p id="table-filter-said" class="table-fault" role="status">{fault}</p>
    </form>
  );
}
