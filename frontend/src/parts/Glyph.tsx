// The state of a job as a sign that is told by its shape first and its colour second; with its word where asked.
const SHAPE: Record<string, { token: string; word: string }> = {
  needs_you: { token: "ask", word: "needs you" },
  running: { token: "run", word: "running" },
  silent: { token: "ask", word: "silent" },
  queued: { token: "idle", word: "queued" },
  scheduled: { token: "idle", word: "scheduled" },
  finished: { token: "done", word: "finished" },
  failed: { token: "fail", word: "failed" },
  aborted: { token: "stop", word: "aborted" },
};

/** The states in the order in which lists show them. */
export const STATES = Object.keys(SHAPE);

/** The token of a state, as in "--run" and class "state-run". */
export function stateToken(state: string): string {
  return SHAPE[state]?.token ?? "idle";
}

/** The word of a state, as people read it. */
export function stateWord(state: string): string {
  return SHAPE[state]?.word ?? state;
}

/** A state's sign; `word` puts its word beside it, else the word is spoken only; `silent` speaks nothing (its word stands near). */
export function Glyph(props: { state: string; word?: boolean; silent?: boolean; size?: number }) {
  const size = props.size ?? 14;
  const spoken = !props.word && !props.silent;
  const sign = (
    <svg class={`glyph glyph-${props.state} state-${stateToken(props.state)}`} viewBox="0 0 14 14" style={{ width: size, height: size }}
      role={spoken ? "img" : undefined} aria-label={spoken ? stateWord(props.state) : undefined} aria-hidden={spoken ? undefined : true}>
      <Shape state={props.state} />
    </svg>
  );
  if (!props.word) return sign;
  return <span class="row" style={{ gap: 5 }}>{sign}<span class={`state-${stateToken(props.state)}`}>{stateWord(props.state)}</span></span>;
}

const stroke = { fill: "none", stroke: "currentColor", "stroke-linecap": "round", "stroke-linejoin": "round" } as const;
const onFill = { fill: "none", stroke: "var(--surface)", "stroke-width": 1.6, "stroke-linecap": "round", "stroke-linejoin": "round" } as const;

function Shape({ state }: { state: string }) {
  switch (state) {
    case "needs_you":
      return <><path d="M7 .4 13.6 7 7 13.6.4 7z" fill="currentColor" /><path d="M7 4v3.4M7 9.7v.1" {...onFill} stroke-width={1.7} /></>;
    case "running":
      return <g class="glyph-turn"><circle cx="7" cy="7" r="5.4" {...stroke} stroke-opacity={0.25} stroke-width={2.4} /><path d="M7 1.6A5.4 5.4 0 1 1 1.9 8.8" {...stroke} stroke-width={2.4} /></g>;
    case "silent":
      return <circle cx="7" cy="7" r="5.4" {...stroke} stroke-width={2.2} stroke-linecap="butt" stroke-dasharray="3.2 2.45" />;
    case "queued":
      return <><circle cx="7" cy="7" r="5.8" {...stroke} stroke-width={1.5} /><path d="M7 3.8V7l2.3 1.4" {...stroke} stroke-width={1.5} /></>;
    case "finished":
      return <><circle cx="7" cy="7" r="6.4" fill="currentColor" /><path d="M4 7.3 6.2 9.4 10.2 4.9" {...onFill} /></>;
    case "failed":
      return <><path d="M4.3.7h5.4l3.6 3.6v5.4l-3.6 3.6H4.3L.7 9.7V4.3z" fill="currentColor" /><path d="m4.8 4.8 4.4 4.4m0-4.4L4.8 9.2" {...onFill} /></>;
    case "aborted":
      return <><rect x="1.2" y="1.2" width="11.6" height="11.6" rx="2" {...stroke} stroke-width={1.6} /><path d="M4 7h6" {...stroke} stroke-width={1.8} /></>;
    default:
      return <circle cx="7" cy="7" r="5.8" {...stroke} stroke-width={1.5} stroke-dasharray="2.4 2.1" />;
  }
}
