// What is worth saying of jobs between two looks: quarters that were passed, and changes of state.
import type { JobRow } from "./data";

export interface Told {
  state: string;
  quarter: number;
}

export interface News {
  number: string;
  title: string;
  state: string;
  key: string;
  ended: boolean;
  sentence: string;
}

const WORDS: Record<string, string> = { finished: "has finished", failed: "has failed", aborted: "was aborted", needs_you: "needs you", silent: "has fallen silent", running: "runs" };

function look(job: JobRow): Told {
  const share = job.state === "running" && job.progress?.total ? job.progress.done / job.progress.total : 0;
  return { state: job.state, quarter: Math.min(3, Math.floor(share * 4)) };
}

/** What has happened since the last look, and what to remember for the next. */
export function changes(before: ReadonlyMap<string, Told>, jobs: JobRow[]): { news: News[]; now: Map<string, Told> } {
  const news: News[] = [];
  const now = new Map<string, Told>();
  for (const job of jobs) {
    const told = look(job);
    now.set(job.number, told);
    const was = before.get(job.number);
    if (!was) continue;
    const of = { number: job.number, title: job.title, state: job.state, key: job.key };
    if (was.state !== told.state && WORDS[told.state]) news.push({ ...of, ended: ["finished", "failed", "aborted"].includes(told.state), sentence: `${job.title} ${WORDS[told.state]}` });
    else if (told.quarter > was.quarter) news.push({ ...of, ended: false, sentence: `${job.title}: ${told.quarter * 25} percent` });
  }
  return { news, now };
}
