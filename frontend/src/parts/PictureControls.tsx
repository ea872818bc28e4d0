// The common look of pictures: low-pass and high-pass in Å, contrast in standard deviations, brightness, invert.
import { useId } from "preact/hooks";
import { HIGHPASS_A, look, LOWPASS_A, setLook, usualLook, type PictureLook } from "./pictureLook";
import { Icon } from "./Icon";

interface Props {
  /** Which controls; all when nothing is said. */
  show?: ("lowpass" | "highpass" | "contrast" | "brightness" | "invert" | "usual")[];
}

export function PictureControls(props: Props) {
  const has = (name: NonNullable<Props["show"]>[number]) => !props.show || props.show.includes(name);
  const at = look.value;
  return (
    <div class="picture-tone">
      {has("lowpass") && <Steps title="Low-pass" name="lowpass" steps={LOWPASS_A} value={at.lowpass} />}
      {has("highpass") && <Steps title="High-pass" name="highpass" steps={HIGHPASS_A} value={at.highpass} />}
      {has("contrast") && <Slide title="Contrast" name="sigma" low={0.5} high={6} value={at.sigma} words={`±${at.sigma} s.d.`} />}
      {has("brightness") && <Slide title="Brightness" name="shift" low={-3} high={3} value={at.shift} words={`${at.shift > 0 ? "−" : at.shift < 0 ? "+" : ""}${Math.abs(at.shift)} s.d.`} reversed />}
      {has("invert") && (
        <label>
          <input type="checkbox" checked={at.invert} onChange={(event) => setLook({ invert: event.currentTarget.checked })} />
          Invert
        </label>
      )}
      {has("usual") && (
        <button type="button" class="button bare small-button" onClick={usualLook}>
          <Icon name="undo" />
          Usual look
        </button>
      )}
    </div>
  );
}

/** A slider over named steps in Å, of which 0 is "off". */
function Steps(props: { title: string; name: "lowpass" | "highpass"; steps: number[]; value: number }) {
  const id = useId();
  const index = Math.max(props.steps.indexOf(props.value), 0);
  const words = props.value ? `${props.value} Å` : "off";
  return (
    <label for={id}>
      {props.title}
      <input id={id} type="range" min={0} max={props.steps.length - 1} value={index} aria-valuetext={words} onChange={(event) => setLook({ [props.name]: props.steps[Number(event.currentTarget.value)] ?? 0 })} />
      <output>{words}</output>
    </label>
  );
}

function Slide(props: { title: string; name: keyof PictureLook; low: number; high: number; value: number; words: string; reversed?: boolean }) {
  const id = useId();
  const sign = props.reversed ? -1 : 1;
  return (
    <label for={id}>
      {props.title}
      <input id={id} type="range" min={props.low} max={props.high} step={0.25} value={sign * props.value} aria-valuetext={props.words} onInput={(event) => setLook({ [props.name]: sign * Number(event.currentTarget.value) })} />
      <output>{props.words}</output>
    </label>
  );
}
