// A tree to walk with arrows: right opens, left closes or goes up, Enter follows; one stop of the keyboard for all of it.
import type { ComponentChildren } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import "./tree.css";

export interface TreeNode {
  id: string;
  title: string;
  /** Drawn before the title, such as an icon; says nothing that the words do not. */
  before?: ComponentChildren;
  /** Drawn at the right end, such as size and kind. */
  after?: ComponentChildren;
  /** Where the title leads. */
  href?: string | undefined;
  children?: TreeNode[] | undefined;
  /** Open when the tree is first shown. */
  open?: boolean | undefined;
}

interface Row {
  node: TreeNode;
  level: number;
  parent: string | undefined;
}

function rowsOf(nodes: TreeNode[], open: ReadonlySet<string>, level = 1, parent?: string): Row[] {
  return nodes.flatMap((node) => [
    { node, level, parent },
    ...(node.children && open.has(node.id) ? rowsOf(node.children, open, level + 1, node.id) : []),
  ]);
}

function openAtFirst(nodes: TreeNode[]): string[] {
  return nodes.flatMap((node) => [...(node.open ? [node.id] : []), ...openAtFirst(node.children ?? [])]);
}

export function Tree(props: { label: string; nodes: TreeNode[]; onOpen?: (node: TreeNode) => void; onFocus?: (node: TreeNode) => void }) {
  const { label, nodes, onOpen, onFocus } = props;
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(openAtFirst(nodes)));
  const [at, setAt] = useState<string>();
  const tree = useRef<HTMLUListElement>(null);
  const rows = useMemo(() => rowsOf(nodes, open), [nodes, open]);
  const here = rows.some((row) => row.node.id === at) ? at : rows[0]?.node.id;

  function fold(id: string, wish?: boolean): void {
    const next = new Set(open);
    if (wish ?? !next.has(id)) next.add(id);
    else next.delete(id);
    setOpen(next);
  }
  function visit(id: string | undefined): void {
    if (id === undefined) return;
    setAt(id);
    const row = rows.findIndex((one) => one.node.id === id);
    const element = tree.current?.children[row] as HTMLElement | undefined;
    element?.focus();
  }
  function follow(row: Row): void {
    if (row.node.children) fold(row.node.id);
    else onOpen?.(row.node);
  }
  function onKey(event: KeyboardEvent): void {
    const index = rows.findIndex((row) => row.node.id === here);
    const row = rows[index];
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const folder = row.node.children !== undefined;
    const acts: Record<string, () => void> = {
      ArrowDown: () => visit(rows[index + 1]?.node.id),
      ArrowUp: () => visit(rows[index - 1]?.node.id),
      Home: () => visit(rows[0]?.node.id),
      End: () => visit(rows[rows.length - 1]?.node.id),
      ArrowRight: () => (folder && !open.has(row.node.id) ? fold(row.node.id, true) : visit(rows[index + 1]?.node.id)),
      ArrowLeft: () => (folder && open.has(row.node.id) ? fold(row.node.id, false) : visit(row.parent)),
      Enter: () => follow(row),
      " ": () => follow(row),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
  return (
    <ul class="tree" role="tree" aria-label={label} ref={tree} onKeyDown={onKey}>
      {rows.map((row) => (
        <li
          key={row.node.id}
          role="treeitem"
          aria-level={row.level}
          aria-expanded={row.node.children ? open.has(row.node.id) : undefined}
          aria-selected={row.node.id === here}
          tabIndex={row.node.id === here ? 0 : -1}
          onFocus={() => onFocus?.(row.node)}
          onClick={() => {
            setAt(row.node.id);
            follow(row);
          }}
          style={{ paddingLeft: 8 + (row.level - 1) * 16 }}
        >
          <span class="tree-fold" aria-hidden="true">{row.node.children ? (open.has(row.node.id) ? "▾" : "▸") : ""}</span>
          {row.node.before}
          <span class="tree-title cut" title={row.node.title}>{row.node.title}</span>
          {row.node.after && <span class="tree-after">{row.node.after}</span>}
        </li>
      ))}
    </ul>
  );
}
