// Ranking of classes on demand: asked for by a button, watched until the scores are there.
import { useEffect, useState } from "preact/hooks";
import { act, get, type Schema } from "../../api/client";
import { sayError } from "../../app/toasts";

const LOOK_EVERY_MS = 1500;

/** said: how far it is, "" when it can be asked for. */
export function useRanking(job: string, page: Schema<"ClassesPage">, path: string, done: () => void): { said: string; begin: () => void } {
  const [running, setRunning] = useState(false);
  const asked = { it: page.iteration, path };
  useEffect(() => {
    if (!running || page.ranked) return;
    const timer = setInterval(() => {
      get<Schema<"ClassScore">>(`classes/${job}/score`, asked).then(
        (now) => {
          if (now.state === "running") return;
          setRunning(false);
          if (now.state === "failed") sayError(now.sentence);
          else done();
        },
        () => undefined,
      );
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [running, page.iteration, page.ranked]);
  const begin = () => {
    setRunning(true);
    act<Schema<"ClassScore">>("POST", `classes/${job}/score`, undefined, asked).catch((error: unknown) => {
      setRunning(false);
      sayError(error);
    });
  };
  return { said: running ? "Ranking…" : "", begin };
}
