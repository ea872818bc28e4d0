"""How a job hangs in the graph: nodes for what it takes and makes, edges to it and from it, marks for file browsers."""

import posixpath
import warnings
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import star
from vitreous.job.declare import CONTINUE_FROM
from vitreous.job.options import options, value_of
from vitreous.nodes import kind
from vitreous.project import node_marks
from vitreous.project.graph_model import Graph, Node
from vitreous.project.latest import output_of
from vitreous.project.layout import Layout, folder_of
from vitreous.project.relion_types import node_label
from vitreous.run.folder import JobFolder
from vitreous.run.nodes_file import made_nodes


def connect_inputs(layout: Layout, graph: Graph, name: str, job: Any) -> None:
    """Let the files that a job's options name be its inputs."""
    for option in options(type(job)):
        path = value_of(job, option) if option.is_input else ""
        if not path:
            continue
        word, _, detail = option.input_kind.partition(".")
        label = kind(word).label
        node = _without_alias(layout, graph, str(path))
        if option.name == CONTINUE_FROM and node.startswith(name):
            continue  # a job that goes on from a file of its own is not its own parent
        if node.rstrip("/") + "/" in graph.processes:
            node = output_of(graph, node.rstrip("/") + "/", word)
        if not node:
            continue
        if node not in graph.nodes:
            graph.add_node(Node(node, f"{label}.{detail}" if detail else label))
            maker = folder_of(node)
            if maker in graph.processes and maker not in (name, node):
                graph.add_output(maker, node)
        graph.add_input(node, name)


def connect_outputs(layout: Layout, graph: Graph, name: str, job: Any, *, exist: bool) -> None:
    """Let the declared outputs of a job be its outputs: those that exist, or before a run those that are known."""
    for node in made_nodes(layout.job(name), job, exist=exist):
        enter(layout, graph, name, _from_root(layout, node.name), node.label)


def drop_old_outputs(layout: Layout, graph: Graph, name: str, job: Any) -> None:
    """Take out nodes of a job that it has not made, or made in an earlier iteration, unless another job uses them."""
    now = {_from_root(layout, node.name) for node in made_nodes(layout.job(name), job)}
    used = {node for node, _ in graph.inputs}
    gone = {node for process, node in graph.outputs if process == name and node not in now | used}
    graph.outputs = [edge for edge in graph.outputs if edge[1] not in gone]
    graph.nodes = {key: node for key, node in graph.nodes.items() if key not in gone}


def add_listed_outputs(layout: Layout, graph: Graph, name: str) -> None:
    """Outputs that a job has listed itself, as an external program does."""
    listed = JobFolder(layout.job(name)).output_nodes
    if not listed.is_file():
        return
    try:
        blocks = star.read(listed)
    except UserError as error:
        warnings.warn(f"the outputs that {name} lists are left out: {error}", stacklevel=2)
        return
    for row in blocks["output_nodes"].rows() if "output_nodes" in blocks else ():
        number, node = (str(row.get(f"rlnPipeLineNode{what}", "")) for what in ("Type", "Name"))
        label = str(row.get("rlnPipeLineNodeTypeLabel", ""))
        if not node or not (label or number.isdecimal()):
            warnings.warn(f"an output that {name} lists is left out: {listed} gives it no name or no kind", stacklevel=2)
            continue
        enter(layout, graph, name, node, label or node_label(int(number)))


def enter(layout: Layout, graph: Graph, name: str, node: str, label: str) -> None:
    """Make a file an output of a job, with the empty file by which RELION's browser finds it."""
    graph.add_node(Node(node, label))
    graph.add_output(name, node)
    if not layout.readonly:
        node_marks.mark(layout, graph, node)


def _from_root(layout: Layout, path: str) -> str:
    inside = Path(path)
    return str(inside.relative_to(layout.root)) if inside.is_relative_to(layout.root) else path


def _without_alias(layout: Layout, graph: Graph, path: str) -> str:
    """A path as it stands in the graph: from the project directory, and with the job's number where an alias stands."""
    inside = Path(path)
    if inside.is_absolute() and inside.is_relative_to(layout.root.resolve()):
        path = str(inside.relative_to(layout.root.resolve()))
    elif path.startswith("./") or "//" in path:
        path = posixpath.normpath(path) + ("/" if path.endswith("/") else "")
    first = folder_of(path)
    if first in graph.processes:
        return path
    job = next((process.name for process in graph.processes.values() if process.alias == first), None)
    return (job + path[len(first) :] if len(path) > len(first) else job) if job else path
