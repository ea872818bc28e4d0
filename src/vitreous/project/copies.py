"""The copies of a project's graph: ours of the last change, and one in the folder of each job that was run (by RELION too)."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vitreous.context import UserError
from vitreous.project import graph_file
from vitreous.project.graph_model import Graph
from vitreous.project.layout import GRAPH, Layout

ENOUGH = 30  # copies to choose the newest from
_BEGINS = 1024
_COUNTER = re.compile(rb"rlnPipeLineJobCounter\s+(\d+)")
_JOB = re.compile(r"job\d{3,}$")
_ENDED = ("Succeeded", "Failed", "Aborted")


@dataclass(frozen=True)
class Copy:
    """One copy that can be read."""

    path: Path
    graph: Graph

    def newness(self) -> tuple[int, int, int, float]:
        """What tells which copy is newer: the job counter only grows, jobs end, files are added. Clocks count last."""
        ended = sum(process.status in _ENDED for process in self.graph.processes.values())
        return self.graph.counter, ended, len(self.graph.nodes), self.path.stat().st_mtime


def job_folders(layout: Layout) -> Iterator[str]:
    """The names of all job folders, "Class2D/job006/", in the order of their numbers; links are not followed."""
    found = []
    for kind in _folders(layout.root):
        if not kind.name.startswith("."):
            found += [f"{kind.name}/{entry.name}/" for entry in _folders(Path(kind.path)) if _JOB.match(entry.name)]
    yield from sorted(found, key=lambda name: int(name.rpartition("job")[2].rstrip("/")))


def _folders(path: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    except PermissionError:
        return []


def copies(layout: Layout) -> tuple[list[Copy], list[Path]]:
    """Copies that can be read, the newest first, and the paths of those that cannot.

    A project of thousands of jobs has as many, each as large as the graph: only the likeliest to be the newest are read.
    """
    of_jobs = (layout.job(name) / GRAPH for name in job_folders(layout))
    likely = sorted((path for path in of_jobs if path.is_file()), key=_at_a_glance, reverse=True)
    kept = [layout.kept_graph] if layout.kept_graph.is_file() else []
    found: list[Copy] = []
    broken: list[Path] = []
    for path in (*kept, *likely):
        if len(found) >= ENOUGH:
            break
        try:
            found.append(Copy(path, graph_file.read(path)))
        except UserError:
            broken.append(path)
    return sorted(found, key=Copy.newness, reverse=True), broken


def _at_a_glance(path: Path) -> tuple[int, int, float]:
    """What tells without reading a copy how new it may be: its counter, which stands at its beginning, its size, its time."""
    with path.open("rb") as stream:
        counter = _COUNTER.search(stream.read(_BEGINS))
    about = path.stat()
    return int(counter[1]) if counter else -1, about.st_size, about.st_mtime


def has_copies(layout: Layout) -> bool:
    """Whether there is anything to make a graph from."""
    return layout.kept_graph.is_file() or next(job_folders(layout), None) is not None
