// The curves of convergence of a job that goes round, where the window has them; nothing else waits for them.
import type { ComponentType } from "preact";
import type { Schema } from "../../api/client";
import { lazy } from "../../app/lazy";

const found = import.meta.glob<{ default: ComponentType<{ job: string }> }>("../../views/curves/Convergence.tsx");
const load = Object.values(found)[0];
const Curves = load ? lazy(load) : null;

export function Convergence({ job }: { job: Schema<"Job"> }) {
  return Curves ? <section class="card progress-plot" aria-label="Iteration by iteration"><h2 class="hidden-text">Convergence</h2><Curves job={job.number} /></section> : null;
}
