"""The graph with the states of jobs as their exit markers tell them, written back where the project may be written."""

import os

from vitreous.project import edges
from vitreous.project import graph as graphs
from vitreous.project.graph_model import Graph
from vitreous.project.layout import Layout
from vitreous.project.state import ended


def current(layout: Layout) -> Graph:
    """The graph as it stands now. Only jobs that the file calls running or scheduled are looked at."""
    graph = graphs.read(layout.graph)
    if not any(ended(layout, process) for process in graph.processes.values()):
        return graph
    if not may_write(layout):
        _bring_up_to_date(layout, graph)
        return graph
    with graphs.locked(layout) as graph:
        _bring_up_to_date(layout, graph)
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
