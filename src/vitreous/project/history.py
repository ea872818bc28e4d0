"""The way of a job through the project, both ways: which files came from which job, and which job took them on."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from vitreous.job import registry
from vitreous.project.graph_model import Graph, Process
from vitreous.project.layout import Layout
from vitreous.run.folder import JobFolder

STARTED = re.compile(r"\+\+\+\+ Executing .* job on (?P<time>.+?)\s*$", re.MULTILINE)


RELIONS = {
    "relion.manualpick": "Manual picking",
    "relion.class3d": "3D classification",
    "relion.multibody": "Multi-body refinement",
    "relion.ctfrefine": "CTF refinement",
    "relion.polish": "Bayesian polishing",
    "relion.joinstar": "Joining STAR files",
    "relion.subtract": "Particle subtraction",
    "relion.localres": "Local resolution",
}
"""Types of RELION's that may be in a project whether or not we run them."""


@dataclass(frozen=True)
class Step:
    """One job on the way: how many steps from the first, and the files by which it hangs on jobs nearer to the first."""

    name: str
    depth: int
    files: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Times:
    """When a job was first started, last started, and ended; None where that is not known."""

    first: datetime | None = None
    last: datetime | None = None
    ended: datetime | None = None


def title_of(process: Process) -> str:
    """The name of a job's type for people; RELION's label for a type that nobody has heard of."""
    return _title(process.label)


@cache
def _title(label: str) -> str:
    known = registry.by_label(label)
    return known[0].type.title if known else RELIONS.get(".".join(label.split(".")[:2]), label)


def steps(graph: Graph, name: str, *, down: bool = False) -> Iterator[Step]:
    """The job itself and then its history, nearest jobs first; down: instead the jobs that go back to it.

    Step.files gives for each neighbour that was told before the files between the two.
    """
    before, after = _neighbours(graph)
    near, seen, told = (after if down else before), {name: 0}, [name]
    place = {job: number for number, job in enumerate(graph.processes)}
    yield Step(name, 0, {})
    for current in told:
        for other in sorted(near.get(current, {}), key=lambda job: place.get(job, 0)):
            if other not in seen:
                seen[other] = seen[current] + 1
                told.append(other)
    back = before if down else after
    for other in told[1:]:
        yield Step(other, seen[other], {job: tuple(files) for job, files in back.get(other, {}).items() if job in seen})


Neighbours = dict[str, dict[str, list[str]]]


def _neighbours(graph: Graph) -> tuple[Neighbours, Neighbours]:
    """Of each job the jobs before it, and the jobs after it, each with the files between them."""
    makers: dict[str, list[str]] = {}
    for job, node in graph.outputs:
        makers.setdefault(node, []).append(job)
    before: Neighbours = {}
    after: Neighbours = {}
    for node, user in graph.inputs:
        for maker in makers.get(node, ()):
            if maker != user:
                before.setdefault(user, {}).setdefault(maker, []).append(node)
                after.setdefault(maker, {}).setdefault(user, []).append(node)
    return before, after


def from_outside(graph: Graph, name: str) -> list[str]:
    """The inputs of a job that no job of the project has made."""
    return [node for node in graph.inputs_of(name) if not graph.makers_of(node)]


def times(layout: Layout, name: str) -> Times:
    """When a job ran: by the lines in its note, as RELION writes them too, and by its exit marker."""
    folder = JobFolder(layout.job(name))
    starts = [_time(found["time"]) for found in STARTED.finditer(_text(folder.note))]
    known = [start for start in starts if start]
    ended = max((_changed(path) for path in folder.verdicts if path.exists()), default=None)
    return Times(known[0] if known else None, known[-1] if known else None, ended)


def last_commands(layout: Layout, name: str) -> list[str]:
    """The commands of the last run, as the note holds them."""
    _, _, last = _text(JobFolder(layout.job(name)).note).rpartition("with the following command(s):")
    return [line.strip() for line in last.partition(" ++++")[0].splitlines() if line.strip()]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _time(text: str) -> datetime | None:
    """A time as C and Python write it, "Fri Nov 20 03:34:21 2026"; None if it is written in another way."""
    try:
        return datetime.strptime(text, "%a %b %d %H:%M:%S %Y")
    except ValueError:
        return None


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime)
