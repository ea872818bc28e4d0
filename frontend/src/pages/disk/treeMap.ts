// Lays boxes of given sizes into a rectangle, each nearly square (squarified tree map of Bruls, Huizing and van Wijk).
export interface Box<T> {
  item: T;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The worst ratio of sides in a row of areas along a side. */
function worst(row: number[], side: number): number {
  const sum = row.reduce((all, one) => all + one, 0);
  const thick = sum / side;
  return Math.max(...row.map((area) => Math.max((thick * thick) / area, area / (thick * thick))));
}

/** Boxes for items of sizes above zero, the largest first, that fill the rectangle. */
export function treeMap<T>(items: { item: T; size: number }[], width: number, height: number): Box<T>[] {
  const kept = items.filter((one) => one.size > 0).sort((a, b) => b.size - a.size);
  const all = kept.reduce((sum, one) => sum + one.size, 0);
  if (!all || width <= 0 || height <= 0) return [];
  const areas = kept.map((one) => ({ item: one.item, area: (one.size / all) * width * height }));
  const boxes: Box<T>[] = [];
  let [x, y, w, h] = [0, 0, width, height];
  let at = 0;
  while (at < areas.length) {
    const side = Math.min(w, h);
    let end = at + 1;
    const row = [areas[at]!.area];
    while (end < areas.length && worst([...row, areas[end]!.area], side) <= worst(row, side)) row.push(areas[end++]!.area);
    const thick = row.reduce((sum, one) => sum + one, 0) / side;
    let along = 0;
    for (const one of areas.slice(at, end)) {
      const length = one.area / thick;
      boxes.push(w >= h ? { item: one.item, x, y: y + along, width: thick, height: length } : { item: one.item, x: x + along, y, width: length, height: thick });
      along += length;
    }
    if (w >= h) [x, w] = [x + thick, w - thick];
    else [y, h] = [y + thick, h - thick];
    at = end;
  }
  return boxes;
}
