"""The Trash of a project in RELION's layout: Trash/<Type>/jobNNN/ holds what was cleaned from a job, or a deleted job.

A deleted job has its part of the graph with it: in deleted_pipeline.star, edges to its users included, and in
job_pipeline.star, which RELION's window reads to undelete. All moves are renames; the same command finishes one cut short.
"""

import errno
import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vitreous.context import UserError
from vitreous.files.space import bytes_in
from vitreous.project import aliases, node_marks
from vitreous.project import graph as graphs
from vitreous.project.graph_model import Graph, Node
from vitreous.project.layout import Layout, number_of
from vitreous.project.state import is_alive, marker
from vitreous.run.folder import JobFolder

TRASH = "Trash"
DELETED = "deleted_pipeline.star"
OWN = "job_pipeline.star"
UNKNOWN = "UserFile"
GOING = ".going"
"""In the Trash: what is being taken apart for good."""


@dataclass(frozen=True)
class Deletion:
    """What deleting takes: jobs, the bytes in each folder, and (job, file) for the inputs that other jobs lose."""

    names: tuple[str, ...]
    bytes: Mapping[str, int]
    losing: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Restored:
    """Jobs that are back, and a line for each thing that is not as it was."""

    names: tuple[str, ...]
    notes: tuple[str, ...]


def place_of(layout: Layout, name: str) -> Path:
    """Where a job lies, or what was cleaned from it, in the Trash."""
    return layout.root / TRASH / name.rstrip("/")


def move(source: Path, target: Path) -> None:
    """Rename a file or folder; a folder that is there already takes in the content, files of the same name are replaced."""
    target.parent.mkdir(parents=True, exist_ok=True)
    real_folder = source.is_dir() and not source.is_symlink()
    try:
        if real_folder and target.is_dir() and not target.is_symlink():
            for child in sorted(source.iterdir()):
                move(child, target / child.name)
            source.rmdir()
            return
        if os.path.lexists(target) and (real_folder or source.is_symlink() or target.is_dir()):
            shutil.rmtree(target) if target.is_dir() and not target.is_symlink() else target.unlink()
        if source.is_symlink() and not os.path.isabs(os.readlink(source)):
            target.symlink_to(os.path.relpath(os.path.realpath(source), os.path.realpath(target.parent)))
            source.unlink()
        else:
            source.rename(target)
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise UserError(f"{source} and {target.parent} lie on different disks: move {source} by hand") from None
        raise


def refuse_alive(layout: Layout, graph: Graph, name: str, *, ours_only: bool = False) -> None:
    """A job that is at work must keep its folder and state. One of another program is taken to be, unless ours_only."""
    folder = JobFolder(layout.job(name))
    known = folder.lock.exists() or folder.place.exists() or not ours_only
    if graph.processes[name].status == "Running" and not marker(folder) and known and is_alive(folder):
        stuck = "" if ours_only else ", or mark it as failed if it is stuck (vitreous project mark)"
        raise UserError(f"{name} is at work: abort it first{stuck}")


def deletion(layout: Layout, graph: Graph, names: Sequence[str], *, descendants: bool = False) -> Deletion:
    """What deleting these jobs, with all that go back to them if asked, takes."""
    going = set(names)
    if descendants:
        going.update(*(graph.descendants(name) for name in names))
    for name in going:
        refuse_alive(layout, graph, name)
    made = {node for job, node in graph.outputs if job in going}
    losing = tuple((job, node) for node, job in graph.inputs if node in made and job not in going)
    ordered = tuple(name for name in graph.processes if name in going)
    return Deletion(ordered, {name: bytes_in(Path(os.path.realpath(layout.job(name)))) for name in ordered}, losing)


def delete(layout: Layout, names: Collection[str]) -> None:
    """Move jobs to the Trash and take them out of the graph, with their aliases and marks."""
    with graphs.locked(layout) as graph:
        for name in names:
            refuse_alive(layout, graph, name)
        for name in names:
            _into_trash(layout, graph, name)
        for name in names:
            _remove_links(layout, name, graph.processes[name].alias)
        _drop(graph, names)


def _into_trash(layout: Layout, graph: Graph, name: str) -> None:
    folder, there = layout.job(name), place_of(layout, name)
    if not folder.exists() and (there / DELETED).is_file():
        return  # an earlier deletion came as far as this
    if folder.is_symlink() and not folder.is_dir():
        raise UserError(f"{folder} is a link to {os.readlink(folder)}, which is not there: mount that disk, or remove the link")
    folder.mkdir(parents=True, exist_ok=True)
    graphs.write(folder / OWN, graph.part(name))
    graphs.write(folder / DELETED, _with_users(graph, name))
    move(folder, there)


def _with_users(graph: Graph, name: str) -> Graph:
    """The part of the graph that belongs to a job, and the edges to the jobs that use its outputs."""
    part = graph.part(name)
    made = set(part.outputs_of(name))
    return replace(part, inputs=[*part.inputs, *(edge for edge in graph.inputs if edge[0] in made and edge not in part.inputs)])


def _remove_links(layout: Layout, name: str, alias: str) -> None:
    if alias and layout.job(alias).is_symlink():
        layout.job(alias).unlink()
    node_marks.unmark_job(layout, name, alias)


def _drop(graph: Graph, names: Collection[str]) -> None:
    lost = {node for job, node in graph.outputs if job in names} - {node for job, node in graph.outputs if job not in names}
    graph.processes = {name: process for name, process in graph.processes.items() if name not in names}
    graph.inputs = [edge for edge in graph.inputs if edge[1] not in names and edge[0] not in lost]
    graph.outputs = [edge for edge in graph.outputs if edge[0] not in names]
    graph.nodes = {key: node for key, node in graph.nodes.items() if key not in lost}


def deleted_parts(layout: Layout) -> dict[str, Graph]:
    """The deleted jobs that can come back, each with its part of the graph; RELION keeps jobs deleted together in one part."""
    known = graphs.read(layout.graph).processes
    cut_short = [path for path in layout.root.glob(f"*/job*/{DELETED}") if _job_of(path) not in known]
    in_trash = layout.root / TRASH
    found: dict[str, Graph] = {}
    for path in [*sorted([*in_trash.glob(f"*/*/{DELETED}"), *cut_short]), *sorted(in_trash.glob(f"*/*/{OWN}"))]:
        if GOING in path.parts or (path.name == OWN and _job_of(path) in {*known, *found}):
            continue
        part = graphs.read(path)
        new = [name for name in part.processes if name not in found and not (name in known and layout.job(name).exists())]
        found.update({name: part for name in new if place_of(layout, name).is_dir() or layout.job(name).is_dir()})
    return found


def _job_of(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.parent.name}/"


def find_deleted(layout: Layout, word: str) -> str:
    """The name of a deleted job by its name, number or alias."""
    parts = deleted_parts(layout)
    digits = word.removeprefix("job")
    for name, part in parts.items():
        alias = part.processes[name].alias.rstrip("/")
        named = word.rstrip("/") in (name.rstrip("/"), *filter(None, (alias, alias.rpartition("/")[2])))
        if named or (digits.isdecimal() and number_of(name) == int(digits)):
            return name
    there = ", ".join(name.rstrip("/") for name in parts) or "none"
    raise UserError(f"the Trash holds no deleted job {word!r}; deleted jobs there: {there}")


def undelete(layout: Layout, name: str, *, descendants: bool = False) -> Restored:
    """Bring a deleted job back with its alias, marks and edges, and what RELION deleted together with it; if asked, also
    all deleted jobs that go back to it."""
    notes: list[str] = []
    with graphs.locked(layout) as graph:
        parts = deleted_parts(layout)
        names = [job for job in parts[name].processes if job in parts]
        if descendants:
            names += [job for job in _deleted_users(parts, name) if job not in names]
        for job in names:
            notes += _restore(layout, graph, job, parts[job])
        graph.processes = dict(sorted(graph.processes.items(), key=lambda item: number_of(item[0]) or 0))
        notes += [line for job in names for line in _missing_parents(layout, graph, job)]
    for job in names:
        (layout.job(job) / DELETED).unlink(missing_ok=True)
    return Restored(tuple(names), tuple(notes))


def _deleted_users(parts: Mapping[str, Graph], name: str) -> list[str]:
    """The deleted jobs that go back to a deleted job."""
    together = Graph()
    for part in {id(part): part for part in parts.values()}.values():
        together.processes.update(part.processes)
        together.inputs += part.inputs
        together.outputs += part.outputs
    return [job for job in together.descendants(name) if job in parts]


def _restore(layout: Layout, graph: Graph, name: str, part: Graph) -> list[str]:
    folder, there = layout.job(name), place_of(layout, name)
    if there.is_dir() and not (folder / DELETED).is_file():
        if folder.exists():
            raise UserError(f"{folder} is there already: move it away, then undelete {name} again")
        move(there, folder)
    process, notes = part.processes[name], []
    graph.processes[name] = replace(process, alias="", status=marker(JobFolder(folder)) or process.status)
    made = set(part.outputs_of(name))
    for node, user in part.inputs:
        if user == name or (node in made and user in graph.processes):
            graph.add_node(part.nodes.get(node, Node(node, UNKNOWN)))
            graph.add_input(node, user)
    for node in part.outputs_of(name):
        graph.add_node(part.nodes[node])
        graph.add_output(name, node)
    try:
        full = aliases.checked(layout, graph, name.partition("/")[0], process.alias.rstrip("/").rpartition("/")[2], but=name)
    except UserError as error:
        full, notes = "", [f"{name} has lost its alias: {error}"]
    aliases.give(layout, graph, name, full)
    return notes


def _missing_parents(layout: Layout, graph: Graph, name: str) -> list[str]:
    lost = [node for node in graph.inputs_of(name) if not graph.makers_of(node) and not (layout.root / node).exists()]
    return [f"{name} took {node}, which is gone with the job that made it" for node in lost]
