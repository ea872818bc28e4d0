"""A job enters the graph: the next number of the project, a folder with job.star, its inputs and the outputs that are known."""

import shutil
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.placement import Placement
from vitreous.project import aliases, edges, last_used, moving
from vitreous.project import graph as graphs
from vitreous.project.graph_model import Graph, Process
from vitreous.project.layout import Layout, job_name


def add(layout: Layout, job: Any, *, placement: Placement | None = None, seed: int = 0, alias: str = "") -> str:
    """Schedule a job; gives its name. What it says becomes what a new job of its type begins with."""
    job = moving.with_inner_paths(layout, job)
    made: list[Path] = []
    try:
        with graphs.locked(layout) as graph:
            full = aliases.checked(layout, graph, job.type.folder, alias)
            name = _take_folder(layout, graph, job.type.folder)
            made.append(layout.job(name))
            graph.processes[name] = Process(name, job.type.label, "Scheduled")
            edges.connect_inputs(layout, graph, name, job)
            edges.connect_outputs(layout, graph, name, job, exist=False)
            as_star.write(made[0] / "job.star", job, placement or Placement(), seed=seed)
            graphs.write(made[0] / "job_pipeline.star", graph.part(name), durable=False)
            if full:
                aliases.give(layout, graph, name, full)
    except BaseException:
        for folder in made:
            _forget(layout, folder)
        raise
    last_used.keep(layout, job, made[0] / "job.star")
    return name


def _forget(layout: Layout, folder: Path) -> None:
    """Take away the folder of a job that did not enter the graph; one that did, before the trouble came, keeps it."""
    try:
        known = f"{folder.relative_to(layout.root)}/" in graphs.read(layout.graph).processes
    except UserError:
        return
    if not known:
        shutil.rmtree(folder, ignore_errors=True)


def _take_folder(layout: Layout, graph: Graph, folder: str) -> str:
    """Make the folder of the next job; gives its name. The counter goes past numbers that are taken, and past folders that
    nobody knows: RELION makes a folder before it locks the project."""
    taken = {name[name.find("/") + 1 :] for name in graph.processes}
    (layout.root / folder).mkdir(exist_ok=True)
    while True:
        name = job_name(folder, graph.counter)
        graph.counter += 1
        if name[len(folder) + 1 :] in taken:
            continue
        try:
            layout.job(name).mkdir()
        except FileExistsError:
            continue
        return name
