// "Compare with...": shows only the settings that differ from the defaults, from the last of this type, or from another job.
import { useState } from "preact/hooks";
import { get } from "../../api/client";
import { jobs } from "../../app/data";
import { attempt } from "../../app/toasts";
import { type Act, Menu } from "../../parts/Menu";
import type { Filling, Form, Values } from "./filling";

const MOST = 12;

interface Compared {
  title: string;
  values: Values;
}

export interface UseCompared {
  title: string;
  only: ReadonlySet<string> | undefined;
  other: Values;
  start: (compared: Compared) => void;
  stop: () => void;
}

/** What the form is compared with, and the settings that differ. */
export function useCompared(filling: Filling): UseCompared {
  const [compared, setCompared] = useState<Compared>();
  const only = compared && new Set(Object.keys(filling.values).filter((name) => name in compared.values && compared.values[name] !== filling.values[name]));
  return { title: compared?.title ?? "", only, other: compared?.values ?? {}, start: setCompared, stop: () => setCompared(undefined) };
}

export function CompareWith({ filling, compared }: { filling: Filling; compared: UseCompared }) {
  const { form } = filling;
  const defaults = Object.fromEntries([...filling.fields.values()].map((field) => [field.name, field.default]));
  const withJob = (number: string) =>
    attempt(async () => {
      const other = await get<Form>(`jobs/${number}/form`);
      compared.start({ title: `job${number}`, values: other.values });
    });
  const others = (jobs.value ?? []).filter((job) => job.type === form.type && job.name !== form.job).slice(-MOST).reverse();
  const acts: Act[] = [
    { title: "the defaults", run: () => compared.start({ title: "the defaults", values: defaults }) },
    { title: "what was last used here", run: () => compared.start({ title: "what was last used here", values: form.last }), ...(Object.keys(form.last).length ? {} : { why: "nothing was used here yet" }) },
    ...others.map((job) => ({ title: `job${job.number}${job.alias ? ` ${job.alias}` : ""}`, run: () => void withJob(job.number) })),
  ];
  if (compared.title)
    return (
      <span class="chip form-compared">
        against {compared.title}: {compared.only?.size ?? 0} {compared.only?.size === 1 ? "differs" : "differ"}
        <button type="button" class="form-unscript" aria-label="End the comparison" onClick={compared.stop}>×</button>
      </span>
    );
  return <Menu title="Compare with…" acts={acts} kind="button small-button bare" />;
}
