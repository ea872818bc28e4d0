// A form being filled: its values, what the server says of them as they are typed, and what they will take.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { act, type Schema } from "../../api/client";
import { mayAct, project } from "../../app/data";
import { differing, keepDraft, keptDraft } from "./draft";

export type Form = Schema<"Form">;
export type FormField = Schema<"FormField">;
export type Check = Schema<"Check">;
export type Predicted = Schema<"Predicted">;
export type Values = Record<string, string>;

/** Waiting after a key before the values are judged, and after that before they are predicted. */
const TYPING_MS = 300;
const PREDICT_MS = 200;

export interface Filling {
  form: Form;
  values: Values;
  /** The values that a form opened with: of the job, or as last used. */
  base: Values;
  alias: string;
  setAlias: (text: string) => void;
  set: (name: string, value: string) => void;
  setAll: (values: Values) => void;
  /** Judge at once, as when a field is left. */
  leave: (name?: string) => void;
  touched: ReadonlySet<string>;
  /** The user has tried to run: all that is missing is told. */
  tried: boolean;
  setTried: (tried: boolean) => void;
  check: Check | undefined;
  prediction: Predicted | undefined;
  /** The server has not judged the newest values yet. */
  waiting: boolean;
  problem: string | undefined;
  /** Sentences by setting. */
  errors: Map<string, string>;
  warnings: Map<string, string>;
  fields: Map<string, FormField>;
  tabOf: Map<string, string>;
  restored: number;
  afresh: () => void;
}

interface Options {
  /** The number of the job whose values these are. */
  job?: string;
  /** Keep a draft for the type. */
  draft?: boolean;
}

export function useFilling(form: Form, { job = "", draft = false }: Options): Filling {
  const before = useMemo(() => (draft ? keptDraft(form.type) : null), [form]);
  const [values, setValues] = useState<Values>(() => ({ ...form.values, ...known(form.values, before?.values ?? {}) }));
  const [restored, setRestored] = useState(before ? before.when : 0);
  const [alias, setAlias] = useState("");
  const [touched, setTouched] = useState<ReadonlySet<string>>(() => new Set(Object.keys(before?.values ?? {})));
  const [tried, setTried] = useState(false);
  const [check, setCheck] = useState<Check>();
  const [prediction, setPrediction] = useState<Predicted>();
  const [problem, setProblem] = useState<string>();
  const [waiting, setWaiting] = useState(true);
  const [round, setRound] = useState(0);
  const wait = useRef(0);
  const turn = useRef(0);

  const looking = Boolean(project.value) && !mayAct.value;
  useEffect(() => {
    if (looking) return; // a shared link judges nothing
    const mine = ++turn.current;
    setWaiting(true);
    const body = { values, alias, job };
    const judge = async () => {
      try {
        const said = await act<Check>("POST", `forms/${form.type}/check`, body);
        if (turn.current !== mine) return;
        setCheck(said);
        setProblem(undefined);
        setWaiting(false);
      } catch (error) {
        if (turn.current === mine) setProblem(error instanceof Error ? error.message : String(error));
      }
    };
    const predict = async () => {
      const said = await act<Predicted>("POST", `forms/${form.type}/predict`, body).catch(() => undefined);
      if (turn.current === mine) setPrediction(said);
    };
    const first = setTimeout(() => void judge(), wait.current);
    const second = setTimeout(() => void predict(), wait.current + PREDICT_MS);
    return () => {
      clearTimeout(first);
      clearTimeout(second);
    };
  }, [values, alias, round, looking]);
  useEffect(() => {
    if (draft) keepDraft(form.type, differing(values, form.values));
  }, [values]);

  const set = useCallback((name: string, value: string) => {
    wait.current = TYPING_MS;
    setValues((old) => (old[name] === value ? old : { ...old, [name]: value }));
    setTouched((old) => (old.has(name) ? old : new Set([...old, name])));
  }, []);
  const setAll = useCallback((more: Values) => {
    wait.current = 0;
    setValues((old) => ({ ...old, ...more }));
  }, []);
  const leave = useCallback(() => {
    if (wait.current === 0) return;
    wait.current = 0;
    setRound((n) => n + 1);
  }, []);
  const index = useMemo(() => {
    const fields = new Map<string, FormField>();
    const tabOf = new Map<string, string>();
    for (const tab of form.tabs)
      for (const field of tab.fields) {
        fields.set(field.name, field);
        tabOf.set(field.name, tab.name);
      }
    return { fields, tabOf };
  }, [form]);
  const errors = useMemo(() => new Map((check?.errors ?? []).map((said) => [said.field, said.sentence])), [check]);
  const warnings = useMemo(() => new Map((check?.warnings ?? []).map((said) => [said.field, said.sentence])), [check]);
  const afresh = () => {
    keepDraft(form.type, {});
    setRestored(0);
    setTouched(new Set());
    wait.current = 0;
    setValues({ ...form.values });
  };
  return { form, values, base: form.values, alias, setAlias, set, setAll, leave, touched, tried, setTried, check, prediction, waiting, problem, errors, warnings, ...index, restored, afresh };
}

function known(values: Values, more: Values): Values {
  return Object.fromEntries(Object.entries(more).filter(([name]) => name in values));
}
