// What the whole frame shows: the project, its jobs, the job types, the machine; one copy for all parts, kept fresh by events.
import { computed, effect, signal } from "@preact/signals";
import { get, type Schema } from "../api/client";
import { connected, onTopics } from "../api/events";
import { projectName } from "./place";

export type JobRow = Schema<"JobRow">;
export type TypeRow = Schema<"TypeRow">;

export const project = signal<Schema<"ProjectRow"> | undefined>(undefined);
export const jobs = signal<JobRow[] | undefined>(undefined);
export const types = signal<Schema<"TypesPage"> | undefined>(undefined);
export const machine = signal<Schema<"MachineNow"> | undefined>(undefined);
/** Why the jobs cannot be shown, as a sentence; "" when they can. */
export const trouble = signal("");

export const mayAct = computed(() => project.value?.may_act ?? false);
export const byNumber = computed(() => new Map((jobs.value ?? []).map((job) => [job.number, job])));
export const running = computed(() => (jobs.value ?? []).filter((job) => job.state === "running" || job.state === "silent"));

let begun = false;
let busy = false;
let again = false;

async function readProject(): Promise<void> {
  project.value = await get<Schema<"ProjectRow">>("project").catch(() => project.value);
}

/** Ask for all jobs; while the server still looks into folders, ask again soon. */
export async function readJobs(): Promise<void> {
  if (project.value?.exists === false) return;
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const page = await get<Schema<"JobsPage">>("jobs");
    jobs.value = page.jobs;
    trouble.value = "";
    if (page.counting) setTimeout(() => void readJobs(), 700);
  } catch (error) {
    trouble.value = error instanceof Error ? error.message : String(error);
  } finally {
    busy = false;
    if (again) {
      again = false;
      void readJobs();
    }
  }
}

/** Ask for the jobs that run alone, and put them in their places. */
async function readRunning(): Promise<void> {
  const page = await get<Schema<"JobsPage">>("jobs", { state: "running,silent,queued,needs_you" }).catch(() => undefined);
  if (!page || !jobs.value) return;
  const fresh = new Map(page.jobs.map((job) => [job.number, job]));
  if (running.value.some((job) => !fresh.has(job.number))) return readJobs();
  jobs.value = jobs.value.map((job) => fresh.get(job.number) ?? job);
}

export async function readMachine(): Promise<void> {
  machine.value = await get<Schema<"MachineNow">>("machine").catch(() => machine.value);
}

/** Begin to read, once there is a project in the address; events do the rest. */
export function beginData(): void {
  if (begun || !projectName.value) return;
  begun = true;
  void readProject().then(() => (project.value?.exists === false ? undefined : readJobs()));
  void get<Schema<"TypesPage">>("types").then((page) => (types.value = page), () => undefined);
  void readMachine();
  onTopics(["jobs"], () => void (project.value?.exists === false ? readProject().then(readJobs) : readJobs()));
  onTopics(["project"], () => void readProject().then(readJobs));
  onTopics(["machine"], () => void readMachine());
  const watched = computed(() => running.value.map((job) => `progress:${job.number}`).join(" "));
  let stop: (() => void) | undefined;
  effect(() => {
    stop?.();
    stop = watched.value ? onTopics(watched.value.split(" "), () => void readRunning()) : undefined;
  });
  let was = true;
  effect(() => {
    if (connected.value && !was) void readProject().then(readJobs);
    was = connected.value;
  });
  setInterval(() => document.hidden || void readMachine(), 30000);
}
