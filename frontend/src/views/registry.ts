// The view that shows a kind of result, by the view's name in the server's list of kinds; loaded when first shown.
import type { ComponentType } from "preact";

export interface ViewProps {
  /** The file, relative to the project. */
  path: string;
  /** The word of its kind, such as "micrographs.ctf". */
  kind: string;
  /** The name of the job that made it, "CtfFind/job003", or "". */
  job: string;
  /** result: within the job's page; answer: the user is to answer this job; file: any file of the project. */
  mode: "result" | "answer" | "file";
}

export type View = () => Promise<{ default: ComponentType<ViewProps> }>;

export const VIEWS: Record<string, View> = {
  volume: () => import("./volume/Volume"),
  model3d: () => import("./volume/Volume"),
  classes: () => import("./classes/ClassesView"),
  curves: () => import("./curves/CurvesView"),
  image: () => import("./image/ImageView"),
  picks: () => import("./picks/Picks"),
  movies: () => import("./movie/Movies"),
  micrographs: () => import("./micrographs/Micrographs"),
  particles: () => import("./particles/Particles"),
  table: () => import("./table/TableView"),
};
