"""Carries the demonstration out in a project: simulate, run each step or go on, compare with the truth, write the page."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table as ScreenTable

from vitreous.context import Context, UserError
from vitreous.demo import ending, figures
from vitreous.demo.settings import DemoSettings
from vitreous.demo.steps import STEPS, Line, Session, Step, session_of
from vitreous.files import atomic
from vitreous.job import as_command, registry
from vitreous.job.placement import Placement
from vitreous.project.project import Project
from vitreous.run.record import duration
from vitreous.simulation.session import simulate_session

PAGE = "demo.html"
STOPPED = 130


def run_demo(settings: DemoSettings) -> int:
    """Run the demonstration, or go on with it, in settings.out; gives the exit code."""
    console = Console()
    root = Path(settings.out)
    session = session_of(settings)
    root.mkdir(parents=True, exist_ok=True)
    with chdir(root):
        _remember(settings)
        lines = [_simulate(session, settings)]
        project = Project.open(".") if Path("default_pipeline.star").is_file() else Project.new(".")
        for step in STEPS:
            done = _carry_out(project, step, session, settings=settings)
            if done is None:
                console.print(f"Stopped. The same command goes on where it stopped: vitreous demo --out {settings.out}")
                return STOPPED
            lines.append(done)
        result = ending.judge(project, session)
        lines.append(Line("Against the truth", 0.0, result.sentence))
        atomic.write_text(Path(PAGE), figures.whole_page(folders_of(project), session, result=result, lines=lines))
    _print(console, lines, root / PAGE)
    return 0


def _remember(settings: DemoSettings) -> None:
    """Refuse to mix two demonstrations in one folder."""
    path, said = Path("demo.txt"), f"movies {settings.movies}, symmetry {settings.symmetry}, seed {settings.seed}\n"
    if path.exists() and path.read_text() != said:
        raise UserError(
            f"{Path.cwd().name} holds the demonstration of {path.read_text().strip()}: give another folder with --out"
        )
    atomic.write_text(path, said)


def _simulate(session: Session, settings: DemoSettings) -> Line:
    began = time.monotonic()
    with _progress("Simulation") as show:
        simulate_session(session.settings, Path(session.folder), Context(seed=settings.seed, on_progress=show))
    count = session.settings.movies
    return Line("Simulation", time.monotonic() - began, f"{count} movies, {session.settings.camera.frames} frames each")


@contextmanager
def _progress(title: str) -> Iterator[Callable[[float, float, str], None]]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(title), BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, note: bar.update(task, completed=done, total=total, description=note)


def _carry_out(project: Project, step: Step, session: Session, *, settings: DemoSettings) -> Line | None:
    """Run a step, or go on with it, unless it has succeeded; None when it was stopped."""
    graph = project.graph()
    found = {p.alias.rstrip("/").rpartition("/")[2]: p for p in graph.processes.values() if p.alias}
    cls = registry.by_command(step.command)
    if cls is None:
        raise UserError(f"there is no job with the command {step.command}")
    if step.alias not in found:
        folders = {alias: process.name.rstrip("/") for alias, process in found.items()}
        job = as_command.from_arguments(cls, step.arguments(session, folders), f"vitreous {step.command}")
        project.add(job, placement=_placement(step, settings), seed=settings.seed, alias=step.alias)
    elif found[step.alias].status == "Succeeded":
        return Line(cls.type.title, 0.0, step.figure(Path(found[step.alias].name)))
    outcome = project.run(step.alias)
    if outcome.status != "succeeded":
        return None
    return Line(cls.type.title, outcome.seconds, step.figure(Path(project.find(step.alias))))


def _placement(step: Step, settings: DemoSettings) -> Placement:
    return Placement(workers=settings.workers) if step.is_map else Placement(threads=settings.workers)


def _print(console: Console, lines: list[Line], page: Path) -> None:
    table = ScreenTable("Step", "Time", "Key figure")
    for line in lines:
        table.add_row(line.title, duration(line.seconds) if line.seconds else "", line.figure)
    console.print(table)
    console.print(f"The page with all pictures: {page}")


def folders_of(project: Project) -> Mapping[str, Path]:
    """The job folder of each step of the demonstration by its alias."""
    return {
        process.alias.rstrip("/").rpartition("/")[2]: Path(process.name)
        for process in project.graph().processes.values()
        if process.alias
    }
