"""The graph of a project: read it, lock it for a change, save it; this is the front door of the graph's rooms.

A project keeps the flavour that its own copy of the graph has (.vitreous/default_pipeline.star): where another program has
dropped the labels, as RELION 3.1 does, or the numbers, as RELION 5 does, they come back.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.project import graph_file, lock
from vitreous.project.graph_file import CURE, NAMES
from vitreous.project.graph_model import Flavour, Graph, Node, Process
from vitreous.project.graph_text import write
from vitreous.project.layout import GRAPH, Layout, folder_of
from vitreous.project.relion_types import node_number, process_number

__all__ = ["NAMES", "Flavour", "Graph", "Node", "Process", "locked", "read", "save", "write"]

TRIES, PAUSE_S = 10, 0.1
_BEGINS = 4096  # bytes in which the columns of the table of jobs stand


def read(path: Path) -> Graph:
    """A graph as it stands in a file; in the graph of a project, what another program has dropped is put back.

    RELION writes the file in place: one that is found broken while the project is locked is looked at again for a second.
    """
    for _ in range(TRIES):
        try:
            return _read(path)
        except UserError:
            if path.name != GRAPH or not Layout(path.parent).lock_folder.exists():
                break
            time.sleep(PAUSE_S)
    return _read(path)


def _read(path: Path) -> Graph:
    graph = graph_file.read(path)
    if path.name != GRAPH:
        return graph
    no_edges = bool(graph.nodes) and not graph.inputs and not graph.outputs
    no_files = bool(graph.processes) and not graph.nodes
    no_jobs = not graph.processes and graph.counter > 1
    whole = graph.flavour.numbers and graph.flavour.labels
    before = _kept(path) if no_edges or no_files or no_jobs or (not whole and _may_know_more(path)) else None
    if no_jobs and before is not None and any((path.parent / name).is_dir() for name in before.processes):
        raise UserError(f"{path} is broken: it has lost its jobs, as when it is cut; {CURE}")
    if no_edges and (before is None or before.inputs or before.outputs):
        raise UserError(f"{path} is broken: it has lost the edges between jobs and files, as when it is cut; {CURE}")
    if no_files and before is not None and before.nodes and before.processes.keys() <= graph.processes.keys():
        raise UserError(f"{path} is broken: it has lost its files, as when it is cut; {CURE}")
    if _is_cut(graph):
        raise UserError(f"{path} is broken: it ends within a table and has lost rows, as when it is cut; {CURE}")
    if before is not None:
        _put_back(graph, before)
    return graph


def _is_cut(graph: Graph) -> bool:
    """Whether a file ends at the end of a line but before that of its last table: every program ends a table with a blank
    line, and a job's files have the edges that lead to them. One that a person has edited lacks the blank line alone."""
    text = graph.source.text
    if not text[text.rfind("\n", 0, len(text) - 1) :].strip() and (graph.outputs or not graph.nodes):
        return False
    if not graph.nodes:
        return graph.counter > 1
    made = {node for _, node in graph.outputs}
    return any(folder_of(node) in graph.processes for node in graph.nodes.keys() - made)


def _may_know_more(path: Path) -> bool:
    """Whether our copy of a project's graph has numbers and labels, by a look at its beginning."""
    kept = Layout(path.parent).kept_graph
    if not kept.is_file():
        return False
    with kept.open("rb") as stream:
        begins = stream.read(_BEGINS)
    return len(begins) < _BEGINS or (b"ProcessType " in begins and b"ProcessTypeLabel " in begins)


def _kept(path: Path) -> Graph | None:
    """Our copy of a project's graph; None without one, or where a loss of power has cut it: the next change writes it anew."""
    kept = Layout(path.parent).kept_graph
    try:
        return graph_file.read(kept) if kept.is_file() else None
    except UserError:
        return None


def _put_back(graph: Graph, before: Graph) -> None:
    """The flavour of our copy, and from it the labels of jobs and files that are known by number alone."""
    if not (before.flavour.numbers and before.flavour.labels):
        return
    if not graph.flavour.labels:
        for name, process in graph.processes.items():
            known = before.processes.get(name)
            if known and process_number(known.label) == process_number(process.label):
                graph.processes[name] = replace(process, label=known.label)
        for name, node in graph.nodes.items():
            was = before.nodes.get(name)
            if was and node_number(was.label) == node_number(node.label):
                graph.nodes[name] = replace(node, label=was.label)
    graph.flavour = replace(graph.flavour, numbers=True, labels=True)


def save(layout: Layout, graph: Graph) -> bool:
    """Write the graph of a project, and our copy of it; False where nothing has changed. The lock is the caller's care."""
    if not write(layout.graph, graph) and layout.kept_graph.is_file():
        return False
    text = layout.graph.read_bytes()
    atomic.write_bytes(layout.kept_graph, text, durable=False)
    layout.changed.touch()
    return True


@contextmanager
def locked(layout: Layout, *, wait_s: float | None = None) -> Iterator[Graph]:
    """The graph for a change: locked as RELION does, read, and written when the block ends well and something has changed."""
    with lock.held(layout, wait_s=wait_s) as mine:
        graph = read(layout.graph)
        yield graph
        if not lock.is_held(layout, mine):
            raise UserError(
                f"the lock on {layout.root.resolve()} was taken away while it was in use: nothing was changed, try again"
            )
        save(layout, graph)
