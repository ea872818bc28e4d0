"""A job enters the graph: the next number of the project, a folder with job.star, its inputs and the outputs that are known."""

from typing import Any

from vitreous.job import as_star
from vitreous.job.placement import Placement
from vitreous.project import aliases, edges, last_used, moving
from vitreous.project import graph as graphs
from vitreous.project.graph_model import Graph, Process
from vitreous.project.layout import Layout, job_name


def add(layout: Layout, job: Any, *, placement: Placement | None = None, seed: int = 0, alias: str = "") -> str:
    """Schedule a job; gives its name. What it says becomes what a new job of its type begins with."""
    job = moving.with_inner_paths(layout, job)
    with graphs.locked(layout) as graph:
        full = aliases.checked(layout, graph, job.type.folder, alias)
        name = next_name(layout, graph, job.type.folder)
        graph.processes[name] = Process(name, job.type.label, "Scheduled")
        edges.connect_inputs(layout, graph, name, job)
        edges.connect_outputs(layout, graph, name, job, exist=False)
        folder = layout.job(name)
        folder.mkdir(parents=True)
        as_star.write(folder / "job.star", job, placement or Placement(), seed=seed)
        graphs.write(folder / "job_pipeline.star", graph.part(name), durable=False)
        if full:
            aliases.give(layout, graph, name, full)
    last_used.keep(layout, job, folder / "job.star")
    return name


def next_name(layout: Layout, graph: Graph, folder: str) -> str:
    """The name of the next job. The counter goes past numbers that are taken, and past folders that nobody knows."""
    taken = {name[name.find("/") + 1 :] for name in graph.processes}
    while f"job{graph.counter:03d}/" in taken or layout.job(job_name(folder, graph.counter)).exists():
        graph.counter += 1
    graph.counter += 1
    return job_name(folder, graph.counter - 1)
