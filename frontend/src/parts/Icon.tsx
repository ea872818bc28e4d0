// Line icons on a grid of 16 px, drawn for this window: one for each job type and for each act. Always beside a word.
const JOBS: Record<string, string> = {
  import: "M8 2v7M5 6.2 8 9.2l3-3M2.5 10.5v3h11v-3",
  "import-other": "M6.5 2v6M4 5.6 6.5 8.1 9 5.6M2 10v3.5h12V10M10.5 3.5h3.5M10.5 6.5h3.5",
  "motion-correction": "M1.5 10.5c1.5-7 4 3.5 6.2-2S11 3 14.5 6M12.2 4.2 14.6 6l-1.8 2.3",
  "ctf-find": "M8 1.7a6.3 6.3 0 1 1 0 12.6A6.3 6.3 0 0 1 8 1.7zM8 4.1a3.9 3.9 0 1 1 0 7.8 3.9 3.9 0 0 1 0-7.8zM8 6.7a1.3 1.3 0 1 1 0 2.6 1.3 1.3 0 0 1 0-2.6z",
  "manual-pick": "M5.5 8V3.6a1 1 0 0 1 2 0V7 2.8a1 1 0 0 1 2 0V7 3.8a1 1 0 0 1 2 0V9.5c0 3-1.5 4.7-4 4.7-2.2 0-3-1-4.5-4.2-.6-1.3.9-2 1.6-1z",
  "auto-pick": "M8 4.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8zM8 1.3v3M8 11.7v3M1.3 8h3M11.7 8h3",
  extract: "M4.5 1.5v10h10M1.5 4.5h10v10",
  class2d: "M3 2h3a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1zM10 2h3a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1h-3a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1zM3 9h3a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1v-3a1 1 0 0 1 1-1zM10 9h3a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1h-3a1 1 0 0 1-1-1v-3a1 1 0 0 1 1-1z",
  select: "M2 8.6 5.6 12 14 4",
  "initial-model": "M8 1.8l2 1.1M11.6 3.9l1.8 1v2.2M13.4 9.1v2.1l-1.9 1M9.8 13.2 8 14.2l-1.9-1M4.3 12.2l-1.7-1V9M2.6 7V4.8l1.8-1M6.1 2.9 8 1.8M6 8h4M8 6v4",
  class3d: "M5.5 2.2 9 4.1v4L5.5 10 2 8.1v-4zM10.6 6.2l3.4 1.9v4L10.6 14l-3.5-1.9V9.4",
  refine3d: "M8 1.8l5.4 3v6.4L8 14.2l-5.4-3V4.8zM2.6 4.8 8 7.8l5.4-3M8 7.8v6.4",
  reconstruct: "M2.6 4.8 8 1.8l5.4 3v6.4L8 14.2l-5.4-3zM5 9.5 8 7l3 2.5M8 7v4.5",
  multibody: "M6 2.3a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4zM10.2 5.6a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4z",
  heterogeneity: "M1.5 11C4 2 6 14 8.5 8s3-5 6-4M4.2 6v1.2M11.4 4.4v1.2",
  "mask-create": "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM6 2.1l1.3-.3M9.6 2l1.6.6M12.8 4l.9 1.4M14.2 7.4l-.1 1.7M13.3 11l-1 1.3M10.8 13.5l-1.6.6M6.9 14.1l-1.6-.5M3.7 12.4l-1-1.4M1.9 9l-.1-1.7M2.4 5.3l1-1.4",
  "post-process": "M2 2v12h12M3.5 4.5c4 0 3.6 7 10 7.3",
  "local-resolution": "M2 13 6 5.5l3 4L11 7l3 6z",
  "ctf-refine": "M7 4a5 5 0 1 1 0 10A5 5 0 0 1 7 4zM7 7a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM13 1.5v4M11 3.5h4",
  polish: "M8 1.5l1.6 4.9L14.5 8l-4.9 1.6L8 14.5l-1.6-4.9L1.5 8l4.9-1.6z",
  join: "M2 3.5h3.5L9 8l-3.5 4.5H2M9 8h5",
  subtract: "M2.5 8h11M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8z",
  external: "M6 2.5H2.5v11h11V10M9.5 2.5h4v4M13.5 2.5 7.5 8.5",
  tomo: "M2 5c2-3 10-3 12 0M2 8h12M2 11c2 3 10 3 12 0",
  model: "M3 13c1-4 3-2 4-5s2-4 6-5M3 13v.2M7 8v.2M13 3v.2",
};

const ACTS: Record<string, string> = {
  run: "M5 3v10l8-5z", stop: "M4 4h8v8H4z", pause: "M5.5 3.5v9M10.5 3.5v9", again: "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3",
  copy: "M6 5.5h7.5V14H6zM10 5.5V2.5H2.5V11H6", trash: "M3 4.5h10M6.3 4.5V2.8h3.4v1.7M4.3 4.5l.6 9h6.2l.6-9M6.8 7v4M9.2 7v4",
  undo: "M5.5 3 2.5 6l3 3M2.8 6H10a3.5 3.5 0 0 1 0 7H6.5", redo: "M10.5 3l3 3-3 3M13.2 6H6a3.5 3.5 0 0 0 0 7h3.5",
  save: "M3 3h8l2 2v8H3zM5.5 3v3.5h4.5V3M5.5 13V9.5h5V13", plus: "M8 3v10M3 8h10", minus: "M3 8h10", close: "m4 4 8 8M12 4l-8 8",
  check: "M3 8.5 6.5 12 13 4.5", find: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5 14 14", bell: "M4 11V7a4 4 0 0 1 8 0v4l1.2 1.5H2.8zM6.7 14.2h2.6",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01", right: "m6 3.5 4.5 4.5L6 12.5", left: "M10 3.5 5.5 8l4.5 4.5", down: "M3.5 6 8 10.5 12.5 6", up: "M3.5 10 8 5.5l4.5 4.5",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 1 0 4 2 2 0 0 1 0-4z", "eye-off": "M2.5 2.5l11 11M6.3 3.8C10.9 2.8 14.5 8 14.5 8s-.8 1.5-2.3 2.8M4 5.2C2.4 6.5 1.5 8 1.5 8s2.5 4.5 6.5 4.5c.8 0 1.6-.2 2.3-.4",
  edit: "M3 13l.6-2.8L10.8 3l2.2 2.2-7.2 7.2zM9.3 4.5l2.2 2.2", link: "M6.5 9.5l3-3M7 4.5l1.3-1.3a3 3 0 0 1 4.5 4.3L11.5 9M9 11.5l-1.3 1.3a3 3 0 0 1-4.5-4.3L4.5 7",
  download: "M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11", upload: "M8 10.5V2.5M4.8 5.5 8 2.3l3.2 3.2M2.5 13.5h11",
  folder: "M2 4h4l1.5 1.8H14V13H2z", file: "M4 2h5l3 3v9H4zM9 2v3h3", note: "M3 2.5h10v11H3zM5.5 6h5M5.5 9h5M5.5 11.5h2.5", table: "M2 3h12v10H2zM2 6.5h12M2 9.8h12M6.5 3v10",
  chart: "M2.5 2v11.5H14M5 10.5l2.5-4 2.5 2 3.5-5", image: "M2 3h12v10H2zM2 11l3.5-3.5L9 11l2-2 3 3M10.5 6h.01", map: "M8 1.8l5.4 3v6.4L8 14.2l-5.4-3V4.8zM2.6 4.8 8 7.8l5.4-3M8 7.8v6.4",
  filter: "M2 3h12l-4.5 5.5V13l-3-1.5v-3z", sort: "M4.5 3v10M2.5 11l2 2 2-2M9 4h5M9 8h4M9 12h2.5", settings: "M8 5.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4",
  lock: "M4 7.5h8V14H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5", clock: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 4.8V8l2.3 1.5", warning: "M8 2 14.5 13.5h-13zM8 6.5v3.2M8 11.6v.1",
  info: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 7.3v3.7M8 5v.1", help: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM6.3 6.5a1.7 1.7 0 1 1 2.5 1.5c-.6.3-.8.7-.8 1.3M8 11.3v.1",
  compare: "M8 2v12M2.5 4h3.3v8H2.5zM10.2 4h3.3v8h-3.3z", tag: "M2.5 2.5H8l5.5 5.5L8 13.5 2.5 8zM5.5 5.5h.01", clean: "M9.5 2.5 7 7M4 8l6 3.3L8.5 14H2.5c1-1.5 1.5-3.5 1.5-6zM4 8l3-1 3.5 2-.5 2.3",
  print: "M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2M4.5 9.5h7v4h-7z", home: "M2.5 7.5 8 2.5l5.5 5M4 6.5v7h8v-7M6.7 13.5v-4h2.6v4", list: "M5.5 4H14M5.5 8H14M5.5 12H14M2.5 4h.01M2.5 8h.01M2.5 12h.01", grid: "M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z",
  disk: "M4 3h8a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM2 9.5h12M11 11.3h1", live: "M8 7.4a.6.6 0 1 1 0 1.2.6.6 0 0 1 0-1.2zM4.6 11.4a4.8 4.8 0 0 1 0-6.8M11.4 4.6a4.8 4.8 0 0 1 0 6.8M2.7 13.3a7.5 7.5 0 0 1 0-10.6M13.3 2.7a7.5 7.5 0 0 1 0 10.6",
  theme: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM8 2.2v11.6M10 3v10M12 4.3v7.4", brush: "M13.5 2.5 7.5 8.5M7.5 8.5c-1.5-.5-3 .5-3.2 2-.2 1.3-1 2-2 2.2 2.5 1.3 6 .5 6.2-2 .1-1-.3-1.8-1-2.2z", eraser: "M9 3l4.5 4.5-5.5 6H5L2.5 11zM6 6.5l4.5 4.5M8 13.5h6",
  move: "M8 1.8v12.4M1.8 8h12.4M6 3.8l2-2 2 2M6 12.2l2 2 2-2M3.8 6l-2 2 2 2M12.2 6l2 2-2 2", cursor: "M4 2l8.5 6-4 .8L6.5 13z", "zoom-in": "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5 14 14M5 7h4M7 5v4", "zoom-out": "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5 14 14M5 7h4",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10", invert: "M8 2.2a5.8 5.8 0 1 1 0 11.6zM8 2.2a5.8 5.8 0 0 0 0 11.6", contrast: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM8 2.2v11.6", pick: "M8 4.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8zM8 1.3v3M8 11.7v3M1.3 8h3M11.7 8h3",
  sphere: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM2 8c2 2 10 2 12 0M8 2c-2.5 2-2.5 10 0 12", camera: "M2 5h3l1-2h4l1 2h3v8H2zM8 6.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z", film: "M2 3h12v10H2zM5 3v10M11 3v10M2 6.3h3M2 9.7h3M11 6.3h3M11 9.7h3", graph: "M2 2.5h4v3H2zM10 6.5h4v3h-4zM2 10.5h4v3H2zM6 4h2v4h2M6 12h2V8", lineage: "M2 2.5h4v3H2zM10 6.5h4v3h-4zM2 10.5h4v3H2zM6 4h2v4h2M6 12h2V8",
  template: "M2.5 2.5h11V6h-11zM2.5 8.5h5v5h-5zM10 8.5h3.5v5H10z", command: "M2 3h12v10H2zM4.5 6l2 2-2 2M8.5 10.5h3", calendar: "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3", chip: "M4 4h8v8H4zM6.5 6.5h3v3h-3zM6 1.8V4M10 1.8V4M6 12v2.2M10 12v2.2M1.8 6H4M1.8 10H4M12 6h2.2M12 10h2.2",
  phone: "M5 1.5h6v13H5zM7.3 12.5h1.4", share: "M4 6.3a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6zM12 2.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6zM12 10.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6zM5.6 7.3l4.8-2.5M5.6 8.9l4.8 2.5", shield: "M8 1.8 13.5 4v4c0 3.5-2.5 5.5-5.5 6.5C5 13.5 2.5 11.5 2.5 8V4z", star: "M8 2l1.9 3.9 4.1.6-3 3 .7 4.2L8 11.7l-3.7 2 .7-4.2-3-3 4.1-.6z",
  fold: "M6 2.5v11M13.5 2.5h-11v11h11zM11 6 9 8l2 2", unfold: "M6 2.5v11M13.5 2.5h-11v11h11zM9 6l2 2-2 2", keyboard: "M1.5 4h13v8h-13zM4 6.5h.01M6.5 6.5h.01M9 6.5h.01M11.5 6.5h.01M4.5 9.5h7", scheme: "M8 2a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM3.5 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM12.5 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM6.8 5.6 4.5 10.2M9.2 5.6l2.3 4.6M5.5 12h5",
};

const PATHS: Record<string, string> = { ...JOBS, ...ACTS, job: "M3 3h10v10H3zM6 8h4", none: "" };

/** Names by which other programs and older notes know the same job type. */
const ALSO: Record<string, string> = {
  motioncorr: "motion-correction", ctffind: "ctf-find", manualpick: "manual-pick", autopick: "auto-pick", initialmodel: "initial-model", maskcreate: "mask-create",
  postprocess: "post-process", localres: "local-resolution", ctfrefine: "ctf-refine", joinstar: "join", dynamight: "heterogeneity", modelangelo: "model", play: "run", search: "find", delete: "trash",
};

/** The icon's name for a job by its command word, or its RELION label ("relion.class2d"); "job" for what is not known. */
export function iconOf(type: string, label = ""): string {
  const words = [type, ...label.replace(/^relion\./, "").split(".")].filter(Boolean);
  for (const word of words) {
    const name = ALSO[word] ?? word;
    if (name in JOBS) return name;
  }
  return label.includes("tomo") ? "tomo" : "job";
}

export function Icon(props: { name: string; size?: number }) {
  const path = PATHS[ALSO[props.name] ?? props.name] ?? "M3 3h10v10H3zM6 8h4";
  const heavy = props.name === "more" || props.name === "live";
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" style={{ ...(props.size ? { width: props.size, height: props.size } : {}), ...(heavy ? { strokeWidth: 2 } : {}) }}>
      <path d={path} fill={props.name === "run" || props.name === "stop" ? "currentColor" : undefined} />
    </svg>
  );
}
