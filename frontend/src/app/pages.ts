// Every page of the window: the pattern of its address after the project, and the module that draws it, loaded when first shown.
import type { ComponentType } from "preact";

export interface PageProps {
  /** The named parts of the address, decoded. */
  params: Record<string, string>;
}

export interface PageEntry {
  pattern: RegExp;
  load: () => Promise<{ default: ComponentType<PageProps> }>;
  /** Left side: "full" rail and list at the right (home), "mini" rail and list at the left, "tool" the mini rail alone. */
  frame: "full" | "mini" | "tool" | "none";
}

export const PAGES: PageEntry[] = [
  { pattern: /^\/?$/, load: () => import("../pages/home/Home"), frame: "full" },
  { pattern: /^\/table$/, load: () => import("../pages/table/Table"), frame: "tool" },
  { pattern: /^\/start$/, load: () => import("../pages/home/Start"), frame: "mini" },
  { pattern: /^\/glance$/, load: () => import("../pages/glance/Glance"), frame: "none" },
  { pattern: /^\/notes$/, load: () => import("../pages/notes/Notes"), frame: "mini" },
  { pattern: /^\/job\/(?<n>[^/]+)\/answer$/, load: () => import("../pages/answer/Answer"), frame: "tool" },
  { pattern: /^\/view$/, load: () => import("../pages/view/View"), frame: "mini" },
  { pattern: /^\/schemes$/, load: () => import("../pages/schemes/Schemes"), frame: "mini" },
  { pattern: /^\/schemes\/(?<word>[^/]+)$/, load: () => import("../pages/schemes/Scheme"), frame: "mini" },
  { pattern: /^\/new\/(?<type>[^/]+)$/, load: () => import("../pages/form/NewJob"), frame: "mini" },
  { pattern: /^\/live$/, load: () => import("../pages/live/Live"), frame: "mini" },
  { pattern: /^\/settings\/templates$/, load: () => import("../pages/templates/Templates"), frame: "mini" },
  { pattern: /^\/job\/(?<n>\w+\/job\d{3,}|[^/]+)(?:\/(?<tab>results|params|progress|log|files|lineage)(?:\/(?<node>.+))?)?\/?$/, load: () => import("../pages/job/Job"), frame: "mini" },
  { pattern: /^\/disk$/, load: () => import("../pages/disk/Disk"), frame: "mini" },
  { pattern: /^\/compare$/, load: () => import("../pages/compare/Compare"), frame: "mini" },
  { pattern: /^\/activity$/, load: () => import("../pages/activity/Activity"), frame: "mini" },
  { pattern: /^\/settings(?:\/(?<part>[a-z]+))?$/, load: () => import("../pages/settings/Settings"), frame: "mini" },
];
