// The question of a job to a person: what it asks, and the view in which it is answered, over the whole page.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useResource, type Schema } from "../../api/client";
import type { PageProps } from "../../app/pages";
import { to } from "../../app/place";
import { Broken, Empty, Loading } from "../../parts/messages";
import { VIEWS, type ViewProps } from "../../views/registry";

type Question = Schema<"Question">;

/** For each question the view that answers it, and the options of the job that may name the file it begins with. */
const ANSWERED_BY: Record<string, { view: string; kind: string; from: string[] }> = {
  picks: { view: "picks", kind: "coordinates", from: ["start_from", "micrographs"] },
  micrographs: { view: "micrographs", kind: "micrographs", from: ["micrographs"] },
  rows: { view: "table", kind: "particles", from: ["particles", "micrographs"] },
  classes: { view: "classes", kind: "optimiser", from: ["model"] },
  mask: { view: "volume", kind: "map", from: ["map"] },
};
/** What a job that is answered already would ask, by its command. */
const ASKS: Record<string, string> = { "manual-pick": "picks", "mask-create": "mask" };

function asksOf(question: Question): string {
  if (question.question) return question.question;
  if (question.kind === "select") return question.values.model ? "classes" : question.values.micrographs ? "micrographs" : "rows";
  return ASKS[question.kind] ?? "";
}

export default function Answer({ params }: PageProps) {
  const number = params.n ?? "";
  const found = useResource<Question>(`jobs/${encodeURIComponent(number)}/question`, {}, [`job:${number}`]);
  if (found.problem && !found.data) return <><h1 class="hidden-text">Job {number}</h1><Broken sentence={found.problem.message} /></>;
  if (!found.data) return <><h1 class="hidden-text">Job {number}</h1><Loading what={`Reading job ${number}`} height={320} /></>;
  const asks = asksOf(found.data);
  const by = ANSWERED_BY[asks];
  const path = by?.from.map((name) => found.data?.values[name]).find((value) => typeof value === "string" && value) as string | undefined;
  if (!by || !path)
    return <><h1 class="hidden-text">Job {number}</h1><Empty title="This job asks nothing" why={`${found.data.title} runs without an answer of a person.`}><a class="button" href={to(`job/${number}`)}>Open the job</a></Empty></>;
  return <Mounted name={by.view} view={{ path, kind: by.kind, job: found.data.job.replace(/\/$/, ""), mode: "answer" }} title={found.data.title} number={number} />;
}

function Mounted(props: { name: string; view: ViewProps; title: string; number: string }) {
  const [drawn, setDrawn] = useState<{ View: ComponentType<ViewProps> }>();
  const [fault, setFault] = useState("");
  const load = VIEWS[props.name];
  useEffect(() => {
    let here = true;
    setDrawn(undefined);
    load?.().then((module) => here && setDrawn({ View: module.default }), (error: unknown) => here && setFault(`The page did not load: ${String(error)}. Reload it.`));
    return () => void (here = false);
  }, [props.name]);
  if (!load || fault) return <><h1 class="hidden-text">{props.title}</h1><Broken sentence={fault || "There is no page for this question in this build."} /></>;
  if (!drawn) return <><h1 class="hidden-text">{props.title}</h1><Loading what={`Opening ${props.title}`} height={320} /></>;
  return <drawn.View {...props.view} />;
}
