"""A graph that is broken or gone is made again: the newest copy, and from the job folders what has changed since."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.job import as_star, registry
from vitreous.project import edges, graph_file, lock, node_marks
from vitreous.project import graph as graphs
from vitreous.project.copies import Copy, copies, has_copies, job_folders
from vitreous.project.graph_model import Graph, Node, Process
from vitreous.project.layout import GRAPH, JOB_NAME, Layout, number_of
from vitreous.project.relion_types import in_words_of_5, node_label, process_label
from vitreous.project.state import is_alive, marker
from vitreous.run.folder import JobFolder


def no_graph(layout: Layout) -> str:
    """What to say of a directory without a graph: no project, or one that has lost it."""
    where = layout.root.resolve()
    if has_copies(layout):
        return f"{where} has lost its {GRAPH}; {graph_file.CURE}"
    return f"{where} is no project directory: it has no {GRAPH} (vitreous project new DIR)"


def restore(layout: Layout, source: Path | None = None, *, force: bool = False) -> list[str]:
    """Make the graph again from `source`, or from the newest copy there is, and the job folders. Says what was done.

    A graph that can be read is left alone, unless a source is named or it is forced. The broken one is kept beside.
    """
    if not (source or force) and _is_sound(layout):
        raise UserError(f"{layout.graph} can be read, so there is nothing to restore; --force makes it again all the same")
    with lock.held(layout):
        found, broken = ([Copy(source, graph_file.read(source))], []) if source else copies(layout)
        said = [f"{_short(layout, path)} cannot be read either" for path in broken]
        chosen = found[0] if found else None
        graph = chosen.graph if chosen else Graph()
        if chosen is None and next(job_folders(layout), None) is None:
            raise UserError(f"{layout.root.resolve()} holds no copy of its graph and no job folder: nothing can be restored")
        said.append(f"began with {_short(layout, chosen.path)}" if chosen else "found no copy: made from the job folders alone")
        said += _bring_up_to_date(layout, graph)
        said += _put_aside(layout)
        graphs.save(layout, graph)
    node_marks.remake(layout, graph)
    return [*said, f"{layout.graph.name} is there again: {len(graph.processes)} jobs, the next is number {graph.counter}"]


def _is_sound(layout: Layout) -> bool:
    try:
        graphs.read(layout.graph)
    except UserError:
        return False
    return True


def _short(layout: Layout, path: Path) -> str:
    return str(path.relative_to(layout.root)) if path.is_relative_to(layout.root) else str(path)


def _put_aside(layout: Layout) -> list[str]:
    if not os.path.lexists(layout.graph):
        return []
    number = 1
    while os.path.lexists(aside := layout.graph.with_name(f"{GRAPH}.broken{number}")):
        number += 1
    layout.graph.rename(aside)
    return [f"the broken file is kept as {aside.name}"]


def _bring_up_to_date(layout: Layout, graph: Graph) -> list[str]:
    """Let a copy say what the folders say: jobs added, deleted, ended and named since."""
    said = []
    folders = list(job_folders(layout))
    for name in folders:
        if name not in graph.processes and any(layout.job(name).iterdir()):
            said.append(f"added {name.rstrip('/')} from {_add(layout, graph, name)}")
    there = set(folders)
    for name in [name for name in graph.processes if name not in there]:
        if (layout.root / "Trash" / name).is_dir():
            graph.drop(name)
            said.append(f"left out {name.rstrip('/')}, which is in the Trash")
        else:
            said.append(f"{name.rstrip('/')} has no folder any more; it stays in the list")
    links = _links(layout)
    for name, process in list(graph.processes.items()):
        if not process.alias or not layout.job(process.alias).is_symlink():
            graph.processes[name] = process = replace(process, alias=links.get(name, process.alias))
        now = _state(layout, process)
        if now != process.status:
            graph.set_status(name, now)
            said.append(f"{name.rstrip('/')} is {now.lower()} now")
        if now == "Succeeded":
            edges.add_listed_outputs(layout, graph, name)
    numbers = [number_of(name) or 0 for name in (*graph.processes, *_in_trash(layout))]
    graph.counter = max([graph.counter, *(number + 1 for number in numbers)])
    graph.processes = dict(sorted(graph.processes.items(), key=lambda item: number_of(item[0]) or 0))
    return said


def _in_trash(layout: Layout) -> list[str]:
    trash = layout.root / "Trash"
    return [str(path.relative_to(trash)) for path in trash.glob("*/job*") if JOB_NAME.match(str(path.relative_to(trash)))]


def _links(layout: Layout) -> dict[str, str]:
    """The aliases that links beside the job folders give."""
    found = {}
    for path in sorted(layout.root.glob("*/*")):
        if path.is_symlink():
            name = f"{path.parent.name}/{Path(os.readlink(path)).name}/"
            if JOB_NAME.match(name):
                found[name] = f"{path.parent.name}/{path.name}/"
    return found


def _state(layout: Layout, process: Process) -> str:
    """The state by what the folder holds; that of the copy where it holds nothing to tell it."""
    folder = JobFolder(layout.job(process.name))
    ours_at_work = folder.lock.exists() and is_alive(folder)
    if ours_at_work:
        return "Running"
    return marker(folder) or process.status


def _add(layout: Layout, graph: Graph, name: str) -> str:
    """A job that the copy does not know yet, from its own part of the graph, its job.star or the marks; says from which."""
    mini = layout.job(name) / "job_pipeline.star"
    try:
        part = graph_file.read(mini) if mini.is_file() else Graph()
    except UserError:
        part = Graph()
    if name in part.processes:
        graph.processes[name] = part.processes[name]
        for node in part.nodes.values():
            graph.add_node(node)
        for taken, job in part.inputs:
            graph.add_input(taken, job)
        for job, made in part.outputs:
            graph.add_output(job, made)
        return mini.name
    job, label = _declared(layout, name)
    begun = any((layout.job(name) / word).exists() for word in ("run.out", "note.txt"))
    graph.processes[name] = Process(name, label, "Failed" if begun else "Scheduled")
    if job is not None:
        edges.connect_inputs(layout, graph, name, job)
        edges.connect_outputs(layout, graph, name, job, exist=True)
    _add_marked(layout, graph, name)
    return "its job.star" if job is not None or (layout.job(name) / "job.star").is_file() else "its folder's name"


def _declared(layout: Layout, name: str) -> tuple[Any, str]:
    """The job of a folder and its label, by its job.star or run.job, or by the folder's name alone."""
    for path in (layout.job(name) / "job.star", layout.job(name) / "run.job"):
        if path.is_file():
            try:
                return as_star.load(path).job, as_star.job_class(as_star.read(path)).type.label
            except UserError:
                label = _said_label(path)
                if label:
                    return None, label
    kind = name.partition("/")[0]
    types = registry.job_types().values()
    return None, next((cls.type.label for cls in types if cls.type.folder == kind), "relion.external")


def _said_label(path: Path) -> str:
    try:
        said = as_star.read(path)
    except UserError:
        return ""
    return said.label or (process_label(said.number) if said.number is not None else "")


def _add_marked(layout: Layout, graph: Graph, name: str) -> None:
    """Outputs that only .Nodes knows of."""
    for kind, path in node_marks.marked(layout):
        if path.startswith(name) and path not in graph.nodes and (layout.root / path).exists():
            label = node_label(int(kind)) if kind.isdigit() else in_words_of_5(f"{kind}.")
            graph.add_node(Node(path, label.rstrip(".")))
            graph.add_output(name, path)
