"""The graph with the states of jobs as their exit markers tell them, written back where the project may be written."""

import contextlib
import os
from dataclasses import replace

from vitreous.context import UserError
from vitreous.project import edges
from vitreous.project import graph as graphs
from vitreous.project.graph_model import Graph
from vitreous.project.layout import Layout
from vitreous.project.state import ended

PATIENCE_S = 5.0  # with another program's lock, where one only wants to look


def current(layout: Layout) -> Graph:
    """The graph as it stands now. Only jobs that the file calls running or scheduled are looked at."""
    graph = graphs.read(layout.graph)
    if not any(ended(layout, process) for process in graph.processes.values()):
        return graph
    if may_write(layout):
        with contextlib.suppress(UserError), graphs.locked(layout, wait_s=PATIENCE_S) as graph:
            _bring_up_to_date(layout, graph)
            return graph
        graph = graphs.read(layout.graph)  # a full disk, or a lock that a crash has left: one may look all the same
    _bring_up_to_date(replace(layout, readonly=True), graph)
    return graph


def may_write(layout: Layout) -> bool:
    """Whether the project can be changed: it was not opened for reading only, and its directory takes files from us."""
    return not layout.readonly and os.access(layout.root, os.W_OK | os.X_OK)


def _bring_up_to_date(layout: Layout, graph: Graph) -> None:
    for name, process in list(graph.processes.items()):
        now = ended(layout, process)
        if now:
            graph.set_status(name, now)
            edges.add_listed_outputs(layout, graph, name)
