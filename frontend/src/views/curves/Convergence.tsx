// How a loop job goes on, live: a plain sentence, then resolution, changes, accuracy, sampling and time by iteration with one cursor.
import { useResource, type Schema } from "../../api/client";
import { Broken, Loading } from "../../parts/messages";
import { Plot } from "../../parts/Plot";
import { Bands } from "./Bands";
import { lay } from "./sheets";
import "./curves.css";

/** For the progress tab of a job, by its number; nothing for jobs without iterations. */
export default function Convergence(props: { job: string }) {
  const { data, problem } = useResource<Schema<"Convergence">>(`convergence/${props.job}`, {}, [`progress:${props.job}`, `job:${props.job}`]);
  if (problem && !data) return <Broken sentence={problem.message} />;
  if (!data) return <Loading what="reading the iterations" height={200} />;
  if (!data.loop) return null;
  const shares = data.steps.filter((step) => step.shares.length > 1);
  return (
    <section class="curves-convergence" aria-label="Convergence">
      <p class="curves-sentence" aria-live="polite">{data.sentence}</p>
      <div class="curves-grid">
        {data.sheets.map((sheet) => {
          const laid = lay([{ name: "", sheet }]);
          const only = laid.curves.length === 1 && (sheet.kind === "angles" || sheet.kind === "shifts") ? `: ${laid.curves[0]!.name}` : "";
          return (
            <div class="card curves-sheet" key={sheet.kind} data-kind={sheet.kind}>
              <Plot title={`${laid.title}${only}${laid.y.unit ? ` (${laid.y.unit})` : ""}`} curves={laid.curves} x={laid.x} y={laid.y} marks={laid.marks} height={150} sync={`convergence ${props.job}`} small />
            </div>
          );
        })}
        {shares.length > 1 && (
          <div class="card curves-sheet">
            <Bands its={shares.map((step) => step.it)} shares={shares.map((step) => step.shares)} />
          </div>
        )}
      </div>
    </section>
  );
}
