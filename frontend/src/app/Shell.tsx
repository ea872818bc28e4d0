// The frame around every page: it finds the page of the address, loads it, and gives it its place.
import { useEffect, useState } from "preact/hooks";
import type { ComponentType } from "preact";
import { Broken } from "../parts/messages";
import { PAGES, type PageEntry, type PageProps } from "./pages";
import { followLinks, path, root } from "./place";

interface Found {
  entry: PageEntry;
  params: Record<string, string>;
}

function find(rest: string): Found | null {
  for (const entry of PAGES) {
    const match = entry.pattern.exec(rest);
    if (match) {
      const said = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value ?? "")]);
      return { entry, params: Object.fromEntries(said) };
    }
  }
  return null;
}

const loaded = new Map<PageEntry, ComponentType<PageProps>>();

export function Shell() {
  const found = find(path.value.slice(root.value.length));
  const [, drawn] = useState(0);
  const [fault, setFault] = useState<string>();
  const entry = found?.entry;
  useEffect(() => {
    addEventListener("click", followLinks);
    return () => removeEventListener("click", followLinks);
  }, []);
  useEffect(() => {
    if (!entry || loaded.has(entry)) return;
    entry.load().then(
      (module) => {
        loaded.set(entry, module.default);
        drawn((n) => n + 1);
      },
      (error: unknown) => setFault(`The page did not load: ${String(error)}. Reload it.`),
    );
  }, [entry]);
  if (!found) return <Broken sentence={`There is no page ${path.value}.`} />;
  if (fault) return <Broken sentence={fault} />;
  const Page = loaded.get(found.entry);
  return <main>{Page && <Page params={found.params} />}</main>;
}
