"""One job: its head with inputs, results, state and what may be done; progress, log, files, lineage, methods, settings."""

import tempfile
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, PlainTextResponse, Response
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.job.declare import AskJob
from vitreous.job.registry import by_label
from vitreous.project import tidy
from vitreous.project.history import last_commands, steps
from vitreous.project.state import has_died, job_file
from vitreous.run.folder import JobFolder
from vitreous.web import reading, sizes
from vitreous.web.job_details import last_word
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.problems import Missing
from vitreous.web.routes.jobs import JobRow, job_row
from vitreous.web.telling import failure, log, methods, progress, report, results, settings, state, tree
from vitreous.web.telling.results import JobLink, link_to

router = APIRouter(tags=["job"])

Stream = Literal["out", "err"]


class Sizes(BaseModel):
    """Bytes as counted at when_s (seconds since 1970): of the folder, and what cleans would free."""

    bytes: int
    gentle: int
    harsh: int
    when_s: float


class May(BaseModel):
    """What may be done with a job now; `continue`: go on with it, or run it at all."""

    run: bool
    stop: bool
    answer: bool
    clean: bool
    delete: bool
    why_not: str = ""


class Job(JobRow):
    """All that the head of a job's page shows. sentence: its state in words; died: its process has gone without a word."""

    inputs: list[results.Input]
    outputs: list[results.Output]
    iterations: list[int]
    iteration: int | None
    cause: str
    remedies: list[failure.Remedy]
    died: bool
    note: str
    command: str
    folder: bool
    protected: bool
    heartbeat_s: float
    sizes: Sizes | None
    may: May


@router.get("/jobs/{n}")
def job(here: ProjectHere, n: str, it: int | None = None) -> Job:
    """The head of a job's page; it: show the results of this iteration."""
    name = reading.job_name(here, n)
    graph, layout = reading.graph(here), here.project.layout
    row = reading.reading(here).row(name)
    folder = JobFolder(layout.job(name))
    died = has_died(layout, row.process)
    found = progress.progress(folder, running=row.state == "running")
    why = failure.failure(layout, name, died=died) if row.state == "failed" or died else failure.Failure(sentence="")
    iterations = results.iterations_of(here.root, name)
    return Job(
        **{**job_row(row).model_dump(), "sentence": why.sentence or state.sentence(layout, graph, row, found)},
        inputs=results.inputs_of(graph, name, here.root),
        outputs=results.outputs_of(graph, name, here.root, it),
        iterations=iterations,
        iteration=it if it in iterations else iterations[-1] if iterations else None,
        cause=why.cause,
        remedies=why.remedies,
        died=died,
        note=here.project.note(name),
        command="\n".join(last_commands(layout, name)),
        folder=folder.path.is_dir(),
        protected=tidy.is_protected(layout, name),
        heartbeat_s=last_word(folder),
        sizes=_sizes(here, name),
        may=_may(here, row, died=died),
    )


def _sizes(here: Opened, name: str) -> Sizes | None:
    found = sizes.counted(here)
    size = found.jobs.get(name)
    return Sizes(bytes=size.bytes, gentle=size.gentle, harsh=size.harsh, when_s=found.when_s) if size else None


def _may(here: Opened, row: reading.Row, *, died: bool) -> May:
    layout = here.project.layout
    ours = bool(by_label(row.process.label))
    at_work = row.state in ("running", "silent") and not died
    asks = row.state == "needs_you" or (
        row.state == "finished" and any(issubclass(cls, AskJob) for cls in by_label(row.process.label))
    )
    has_file = job_file(layout, row.process.name).is_file()
    why = ""
    if not here.may_act:
        why = "this window may only look"
    elif not ours:
        why = f"jobs of the type {row.process.label} cannot be run from here yet; RELION can run them"
    elif not has_file:
        why = "its job.star is not on disk any more"
    elif at_work:
        why = "it is at work"
    return May(
        run=not why and row.state not in ("queued", "needs_you"),
        stop=here.may_act and (row.state in ("running", "silent", "queued", "scheduled") and not died),
        answer=here.may_act and asks,
        clean=here.may_act and row.process.status == "Succeeded",
        delete=here.may_act and not at_work,
        why_not=why,
    )


@router.get("/jobs/{n}/progress")
def job_progress(here: ProjectHere, n: str) -> progress.Progress:
    """How far a job is, unit by unit or iteration by iteration."""
    name = reading.job_name(here, n)
    row = reading.reading(here).row(name)
    return progress.progress(JobFolder(here.project.layout.job(name)), running=row.state == "running")


def _log_file(here: Opened, n: str, stream: Stream) -> Path:
    name = reading.job_name(here, n)
    folder = JobFolder(here.root / name)
    path = folder.out if stream == "out" else folder.err
    return here.inside(f"{name}{path.name}") if path.exists() else path


@router.get("/jobs/{n}/log")
def job_log(
    here: ProjectHere,
    n: str,
    stream: Stream = "out",
    start: Annotated[int, Query(alias="from")] = -500,
    lines: Annotated[int, Query(ge=0, le=log.MOST_LINES)] = 500,
) -> log.LogPart:
    """Lines of a job's output or error stream; a negative start counts from the end."""
    return log.window(_log_file(here, n, stream), from_line=start, count=lines)


@router.get("/jobs/{n}/log/find")
def find_in_log(here: ProjectHere, n: str, q: Annotated[str, Query(max_length=200)], stream: Stream = "out") -> list[int]:
    """The numbers of the lines that hold a text, at most 2,000."""
    return log.find(_log_file(here, n, stream), q)


@router.get("/jobs/{n}/log/text", response_class=FileResponse)
def log_text(here: ProjectHere, n: str, stream: Stream = "out") -> Response:
    """The whole stream as a file to keep."""
    path = _log_file(here, n, stream)
    name = f"job{reading.job_name(here, n).rpartition('job')[2].rstrip('/')}_run.{stream}.txt"
    if not path.exists():
        raise Missing(f"this job has written no run.{stream}")
    return FileResponse(path, media_type="text/plain; charset=utf-8", filename=name)


@router.get("/jobs/{n}/files")
def job_files(here: ProjectHere, n: str) -> tree.FileRow:
    """The files in a job's folder."""
    return tree.files(reading.graph(here), reading.job_name(here, n), here.root)


class LineageStep(BaseModel):
    """A job on the way to, or from, a job: how many steps off, and the files by which it hangs on nearer ones."""

    job: JobLink
    label: str
    state: str
    depth: int
    files: dict[str, list[str]]


class Lineage(BaseModel):
    """Where a job came from and what became of it, each nearest first."""

    up: list[LineageStep]
    down: list[LineageStep]


@router.get("/jobs/{n}/lineage")
def lineage(here: ProjectHere, n: str) -> Lineage:
    """The jobs that a job goes back to, and those that go back to it."""
    name = reading.job_name(here, n)
    graph = reading.graph(here)
    by_name = {row.process.name: row for row in reading.rows(here)}

    def told(*, down: bool) -> list[LineageStep]:
        return [
            LineageStep(
                job=link_to(graph.processes[step.name]),
                label=graph.processes[step.name].label,
                state=by_name[step.name].state if step.name in by_name else "",
                depth=step.depth,
                files={job.rstrip("/"): list(paths) for job, paths in step.files.items()},
            )
            for step in steps(graph, name, down=down)
            if step.depth
        ]

    return Lineage(up=told(down=False), down=told(down=True))


@router.get("/jobs/{n}/flowchart", response_class=Response)
def flowchart(here: ProjectHere, n: str, form: Literal["svg", "pdf", "tex"] = "svg", down: bool = False) -> Response:
    """A job's history as a picture to keep; down: what became of it."""
    name = reading.job_name(here, n)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"chart.{form}"
        here.project.flowchart(name, path, down=down)
        data = path.read_bytes()
    kinds = {"svg": "image/svg+xml", "pdf": "application/pdf", "tex": "text/plain; charset=utf-8"}
    file = f"{name.rstrip('/').replace('/', '_')}_{'use' if down else 'history'}.{form}"
    head = {"Content-Disposition": f'attachment; filename="{file}"', "Content-Security-Policy": "sandbox"}
    return Response(data, media_type=kinds[form], headers=head)


@router.get("/jobs/{n}/methods")
def methods_text(here: ProjectHere, n: str) -> methods.Methods:
    """A paragraph on how a job's result was made, with citations, to be checked and used in a paper."""
    name = reading.job_name(here, n)
    return methods.methods(here.project.layout, reading.graph(here), name)


@router.get("/jobs/{n}/settings")
def job_settings(here: ProjectHere, n: str) -> settings.Settings:
    """A job's settings, with units and defaults."""
    return settings.settings(here.project.layout, reading.job_name(here, n))


@router.get("/jobs/{n}/job.star", response_class=PlainTextResponse)
def job_star(here: ProjectHere, n: str) -> Response:
    """The job's settings as the file that runs it again: vitreous project add FILE."""
    name = reading.job_name(here, n)
    path = job_file(here.project.layout, name)
    if not path.is_file():
        raise Missing(f"{name.rstrip('/')} has no {path.name} any more")
    inside = here.inside(f"{name}{path.name}")
    return FileResponse(
        inside, media_type="text/plain; charset=utf-8", filename=f"{name.rstrip('/').replace('/', '_')}_{path.name}"
    )


class Script(BaseModel):
    """How a job would be started: the script that a queue would get, or the command; why_not: why there is none."""

    text: str = ""
    why_not: str = ""


@router.get("/jobs/{n}/script")
def script(here: ProjectHere, n: str) -> Script:
    """The script and command by which a job would be handed to its place. Nothing is done."""
    name = reading.job_name(here, n)
    try:
        return Script(text=here.project.plan(name))
    except UserError as error:
        return Script(why_not=str(error))


@router.get("/jobs/{n}/report", response_class=PlainTextResponse)
def job_report(here: ProjectHere, n: str) -> Response:
    """A report on a job in plain text: command, settings, releases, the ends of its logs."""
    found = job(here, n)
    return PlainTextResponse(report.report(here.project.layout, f"{found.name}/", f"{found.state}: {found.sentence}"))
