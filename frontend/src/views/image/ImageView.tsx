// Any picture of the project: a micrograph, a PNG, an image of a stack, a movie's sum; frames or images one by one.
import { useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { query, setQuery } from "../../app/place";
import { Picture } from "../../parts/Picture";
import { PictureControls } from "../../parts/PictureControls";
import type { ViewProps } from "../registry";
import "./image.css";

export default function ImageView(props: ViewProps) {
  const [info, setInfo] = useState<Schema<"ImageInfo">>();
  const frame = query.value.get("frame") ?? "";
  const name = props.path.split("/").pop() ?? props.path;
  const frames = info?.frames ?? 1;
  const step = (to: number) => setQuery({ frame: Math.min(Math.max(to, 1), frames) });
  return (
    <div class="image-view">
      <div class="image-head">
        {frames > 1 && (
          <span class="row">
            <button type="button" class="button small-button" aria-pressed={!frame} onClick={() => setQuery({ frame: null })}>Sum of {frames}</button>
            <button type="button" class="button small-button" onClick={() => step((Number.parseInt(frame) || 1) - 1)}>Previous</button>
            <span>{frame ? `${frame} of ${frames}` : "all"}</span>
            <button type="button" class="button small-button" onClick={() => step((Number.parseInt(frame) || 0) + 1)}>Next</button>
          </span>
        )}
        <PictureControls />
        <span class="grow" />
        {info && <span class="quiet">{`${info.width.toLocaleString("en")} x ${info.height.toLocaleString("en")} px${info.pixel_size_A ? `, ${Number(info.pixel_size_A.toPrecision(4))} Å/px` : ""}`}</span>}
      </div>
      <div class="image-well"><Picture asked={{ path: props.path, frame }} label={`Picture ${name}`} onInfo={setInfo} /></div>
    </div>
  );
}
