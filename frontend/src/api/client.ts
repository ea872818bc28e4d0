// Asks the server for data and sends acts. Every answer that is no success carries one sentence.
import { useEffect, useState } from "preact/hooks";
import { projectName, root } from "../app/place";
import { onTopics } from "./events";
import type { components } from "./schema";

/** A shape of the server's description: Schema<"ProjectRow">. */
export type Schema<K extends keyof components["schemas"]> = components["schemas"][K];

export class Problem extends Error {
  constructor(readonly status: number, sentence: string) {
    super(sentence);
  }
}

export type Asked = Record<string, string | number | boolean | null | undefined | (string | number)[]>;

/** The address of data of this project: address("jobs", {state: "running"}). */
export function address(page: string, asked: Asked = {}): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) {
    if (value === undefined || value === null || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) said.append(name, String(one));
  }
  const tail = said.toString();
  const shared = /^\/s\/[^/]+/.exec(root.value)?.[0] ?? "";
  return `${shared}/api/p/${projectName.value}/${page}${tail ? `?${tail}` : ""}`;
}

async function checked(answer: Response): Promise<Response> {
  if (answer.ok) return answer;
  const body: unknown = await answer.json().catch(() => null);
  const sentence = body && typeof body === "object" && "sentence" in body ? String(body.sentence) : `The server said ${answer.status}.`;
  throw new Problem(answer.status, sentence);
}

/** Data as JSON. The browser asks again with the old tag, so that what has not changed costs nothing. */
export async function get<T>(page: string, asked: Asked = {}, signal?: AbortSignal): Promise<T> {
  return (await checked(await fetch(address(page, asked), { signal: signal ?? null }))).json() as Promise<T>;
}

/** Data as bytes. */
export async function getBytes(page: string, asked: Asked = {}, signal?: AbortSignal): Promise<ArrayBuffer> {
  return (await checked(await fetch(address(page, asked), { signal: signal ?? null }))).arrayBuffer();
}

/** An act: it is done once, however often the same key arrives. Gives the changed resource. */
export async function act<T>(method: "POST" | "PUT" | "DELETE", page: string, body?: unknown, asked: Asked = {}): Promise<T> {
  const headers: Record<string, string> = { "Idempotency-Key": crypto.randomUUID(), "X-Vitreous": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await checked(await fetch(address(page, asked), { method, headers, body: body === undefined ? null : JSON.stringify(body) }));
  return (answer.status === 204 ? undefined : answer.json()) as Promise<T>;
}

export interface Resource<T> {
  data: T | undefined;
  problem: Problem | undefined;
  /** Asked for and not yet here; old data stay meanwhile. */
  updating: boolean;
  again: () => void;
}

/** Data that a component shows, asked for again when an event of one of these topics comes. page "" asks for nothing. */
export function useResource<T>(page: string, asked: Asked = {}, topics: string[] = []): Resource<T> {
  const [state, setState] = useState<{ data?: T; problem?: Problem; updating: boolean; key: string; about: string }>({ updating: true, key: "", about: "" });
  const [round, setRound] = useState(0);
  const key = page ? address(page, asked) : "";
  const about = page ? address(page, { ...asked, q: null, sort: null }) : "";
  useEffect(() => {
    if (!key) return;
    const stop = new AbortController();
    setState((old) => ({ ...(old.key === key ? old : { key: old.key, about: old.about, data: old.data }), updating: true }) as typeof old);
    get<T>(page, asked, stop.signal).then(
      (data) => setState({ data, updating: false, key, about }),
      (error: unknown) => {
        if (stop.signal.aborted) return;
        const problem = error instanceof Problem ? error : new Problem(0, "The server does not answer. Jobs run on.");
        // data of another job, file or class would stand under this address; only where a filter is wrong the old ones stay
        setState((old) => ({ ...(old.about === about ? old : {}), problem, updating: false, key, about }));
      },
    );
    return () => stop.abort();
  }, [key, round]);
  const wanted = topics.join(" ");
  useEffect(() => (wanted ? onTopics(wanted.split(" "), () => setRound((n) => n + 1)) : undefined), [wanted]);
  return { data: state.data, problem: state.problem, updating: state.updating, again: () => setRound((n) => n + 1) };
}
