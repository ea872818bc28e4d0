"""What a clean or a deletion would take, told before it is done: files, bytes, and what could no longer be an input."""

import os
from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.project import tidy
from vitreous.project.graph_model import Graph
from vitreous.project.layout import Layout
from vitreous.web import reading
from vitreous.web.opened import Opened
from vitreous.web.problems import Missing
from vitreous.web.telling.results import JobLink, link_to

READ_LINES = 5000
MOST_NAMED = 200


class JobClean(BaseModel):
    """What goes of one job: files or whole folders by their paths in it, at most 200 of them, and all their bytes."""

    job: JobLink
    bytes: int
    files: int
    going: list[str]
    spared: int
    lost_inputs: list[str]


class CleanPlan(BaseModel):
    """A clean of some jobs. why_not: of jobs that are not cleaned, the reason by name."""

    how: str
    bytes: int
    files: int
    jobs: list[JobClean]
    why_not: dict[str, str]


class Losing(BaseModel):
    """A job and a file that it takes and would lose."""

    job: JobLink
    path: str


class DeletePlan(BaseModel):
    """What a deletion takes with it."""

    jobs: list[JobLink]
    bytes: int
    losing: list[Losing]


def plans(here: Opened, words: Sequence[str], *, harsh: bool) -> tuple[list[tidy.Plan], dict[str, str]]:
    """The plans for these jobs, or for all that succeeded, and why others are not cleaned."""
    layout, graph = here.project.layout, reading.graph(here)
    if not words:
        found, protected = tidy.plan_all(layout, graph, harsh=harsh)
        return found, dict.fromkeys(protected, "it is protected from harsh cleaning")
    found, refused = [], {}
    for word in words:
        name = reading.job_name(here, word)
        try:
            found.append(tidy.plan(layout, graph, name, harsh=harsh))
        except UserError as error:
            refused[name.rstrip("/")] = str(error)
    return found, refused


def told(here: Opened, found: Sequence[tidy.Plan], refused: dict[str, str], *, harsh: bool) -> CleanPlan:
    """A plan as it is shown."""
    graph, layout = reading.graph(here), here.project.layout
    jobs = []
    for plan in found:
        jobs.append(
            JobClean(
                job=link_to(graph.processes[plan.name]),
                bytes=plan.bytes,
                files=sum(_files(layout, plan.name, path) for path, _ in plan.going),
                going=[path for path, _ in plan.going[:MOST_NAMED]],
                spared=plan.spared,
                lost_inputs=list(_lost(layout, graph, plan)) if harsh else [],
            )
        )
    total = sum(job.bytes for job in jobs)
    how = "harshly" if harsh else "gently"
    return CleanPlan(how=how, bytes=total, files=sum(job.files for job in jobs), jobs=jobs, why_not=refused)


def _files(layout: Layout, name: str, path: str) -> int:
    where = layout.job(name) / path
    if where.is_dir() and not where.is_symlink():
        return sum(len(files) for _, _, files in os.walk(where))
    return 1


def _lost(layout: Layout, graph: Graph, plan: tidy.Plan) -> Iterator[str]:
    """The outputs that stay but speak of images that go: other jobs could not read them any more."""
    going = [f"{plan.name}{path}" for path, _ in plan.going]
    if not going:
        return
    for node in graph.outputs_of(plan.name):
        path = layout.root / node
        if not node.endswith(".star") or not path.is_file():
            continue
        with path.open(encoding="utf-8", errors="replace") as stream:
            lines = [line for _, line in zip(range(READ_LINES), stream, strict=False) if plan.name in line]
        if any(_names(line, going) for line in lines[:50]):
            yield node


def _names(line: str, going: Sequence[str]) -> bool:
    """Whether a line names a file that goes, or one in a folder that goes."""
    words = [word.rpartition("@")[2].partition(":")[0].strip("\"'") for word in line.split()]
    return any(word == path or word.startswith(f"{path}/") for word in words for path in going)


def deletion(here: Opened, n: str, *, descendants: bool) -> DeletePlan:
    """What deleting a job, with all that go back to it if asked, would take."""
    name = reading.job_name(here, n)
    found = here.project.deletion([name], descendants=descendants)
    graph = reading.graph(here)
    try:
        losing = [Losing(job=link_to(graph.processes[job]), path=path) for job, path in found.losing]
        jobs = [link_to(graph.processes[job]) for job in found.names]
    except KeyError:
        raise Missing(f"{name.rstrip('/')} was deleted meanwhile") from None
    return DeletePlan(jobs=jobs, bytes=sum(found.bytes.values()), losing=losing)
