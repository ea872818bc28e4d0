// A row of choices of which one holds.
export function Choice<T extends string>(props: { title: string; why?: string; value: T; choices: [T, string][]; set: (value: T) => void }) {
  return (
    <div class="settings-row">
      <div><b>{props.title}</b>{props.why && <p class="small second">{props.why}</p>}</div>
      <div class="segments" role="group" aria-label={props.title}>
        {props.choices.map(([value, title]) => <button key={value} type="button" aria-pressed={props.value === value} onClick={() => props.set(value)}>{title}</button>)}
      </div>
    </div>
  );
}
