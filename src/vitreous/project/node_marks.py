"""The empty files in .Nodes by which RELION's windows find files of a kind: by number (3.1) and by the words of the label."""

import os
import shutil
from collections.abc import Iterable, Iterator

from vitreous.project.graph_model import Graph, Node
from vitreous.project.layout import Layout
from vitreous.project.relion_types import in_words_of_4, node_number

WAITING = "Scheduled"


def kinds(graph: Graph, node: Node) -> list[str]:
    """The folders in .Nodes for a file: its 3.1 number where the graph has numbers; the first word of its label, and as
    many words as the depth of RELION 5 says, where the graph has labels."""
    found = [str(node_number(node.label))] if graph.flavour.numbers else []
    if graph.flavour.labels:
        words = (in_words_of_4(node.label) if graph.flavour.old_words else node.label).split(".")
        found += [".".join(words[:depth]) for depth in sorted({1, max(1, node.depth)})]
    return found


def mark(layout: Layout, graph: Graph, name: str) -> None:
    """Make the marks of a file, under the alias of the job that makes it if that has one.

    As in RELION, a file that is not there has no mark, unless the job that is to make it waits for its turn.
    """
    makers = graph.makers_of(name)
    _mark(layout, graph, name, makers[0] if makers else "")


def mark_job(layout: Layout, graph: Graph, job: str) -> None:
    """Make the marks of all outputs of a job."""
    for name in graph.outputs_of(job):
        _mark(layout, graph, name, job)


def unmark_job(layout: Layout, job: str, alias: str = "") -> None:
    """Take away all marks of a job, by its name and by its alias."""
    for folder in _folders(layout):
        for word in filter(None, (job, alias)):
            shutil.rmtree(os.path.join(folder, word.rstrip("/")), ignore_errors=True)


def remake(layout: Layout, graph: Graph) -> int:
    """Throw away .Nodes and make it again from the graph; gives the number of files that have marks."""
    if layout.readonly:
        return 0
    shutil.rmtree(layout.nodes, ignore_errors=True)
    made_by = {node: job for job, node in graph.outputs}
    return sum(_mark(layout, graph, name, made_by.get(name, "")) for name in graph.nodes)


def marked(layout: Layout) -> Iterator[tuple[str, str]]:
    """All marks: the kind, as number or words, and the path of the file from the project directory."""
    for folder in _folders(layout):
        for where, _, names in os.walk(folder):
            for name in names:
                yield os.path.basename(folder), os.path.relpath(os.path.join(where, name), folder)


def _folders(layout: Layout) -> Iterable[str]:
    try:
        return sorted(entry.path for entry in os.scandir(layout.nodes) if entry.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return ()


def _mark(layout: Layout, graph: Graph, name: str, job: str) -> bool:
    process = graph.processes.get(job)
    waits = process is not None and process.status == WAITING
    if not waits and not (layout.root / name).exists():
        return False
    if os.path.isabs(name) or ".." in name.split("/"):
        return False  # a mark lies inside .Nodes; what lies outside of the project has none
    shown = process.alias + name[len(job) :] if process and process.alias and name.startswith(job) else name
    for kind in kinds(graph, graph.nodes[name]):
        path = layout.node(kind, shown)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return True
