"""Carries the demonstration out in a project: simulate, run each step or go on, compare with the truth, write the page."""

import json
import shlex
import time
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as ScreenTable

from vitreous.context import Stopped, UserError
from vitreous.demo import ending, figures
from vitreous.demo.settings import DemoSettings
from vitreous.demo.steps import STEPS, Line, Session, Step, session_of
from vitreous.files import atomic
from vitreous.job import as_command, registry
from vitreous.job.placement import Placement
from vitreous.project.project import Project
from vitreous.run.plain import surroundings
from vitreous.run.record import duration
from vitreous.simulation.session import simulate_session

PAGE, NOTES = "demo.html", Path("demo.json")
STOPPED = 130


def run_demo(settings: DemoSettings) -> int:
    """Run the demonstration, or go on with it, in settings.out; gives the exit code."""
    console = Console()
    root = Path(settings.out)
    session = session_of(settings)
    root.mkdir(parents=True, exist_ok=True)
    with chdir(root):
        notes = Notes(settings)
        lines: list[Line | None] = [_simulate(session, notes, settings=settings)]
        project = Project.open(".") if Path("default_pipeline.star").is_file() else Project.new(".")
        for step in STEPS:
            if lines[-1] is None:
                break
            lines.append(_carry_out(project, step, session, notes=notes, settings=settings))
        done = [line for line in lines if line is not None]
        if len(done) < len(lines):
            console.print(f"Stopped. The same command goes on where it stopped: vitreous demo --out {settings.out}")
            return STOPPED
        result = ending.judge(project, session)
        done.append(Line("Against the truth", 0.0, result.sentence))
        atomic.write_text(Path(PAGE), figures.whole_page(folders_of(project), session, result=result, lines=done))
    _print(console, done, root / PAGE)
    return 0


class Notes:
    """What the demonstration remembers beside the project: its settings, and the seconds each step took over all runs."""

    def __init__(self, settings: DemoSettings) -> None:
        said = {"movies": settings.movies, "symmetry": settings.symmetry, "seed": settings.seed}
        kept: dict[str, dict[str, Any]] = json.loads(NOTES.read_text()) if NOTES.exists() else {"settings": said, "seconds": {}}
        if kept["settings"] != said:
            other = ", ".join(f"{name} {value}" for name, value in kept["settings"].items())
            raise UserError(f"{Path.cwd().name} holds another demonstration ({other}): give another folder with --out")
        self._kept = kept

    def seconds(self, word: str, more: float = 0.0) -> float:
        """The seconds of a step in all runs so far, with those of the run that has just ended."""
        spent = float(self._kept["seconds"].get(word, 0.0)) + more
        self._kept["seconds"][word] = spent
        atomic.write_text(NOTES, json.dumps(self._kept, indent=1) + "\n")
        return spent


def _simulate(session: Session, notes: Notes, *, settings: DemoSettings) -> Line | None:
    began = time.monotonic()
    folder = Path(session.folder)
    try:
        with surroundings(folder, "Simulation", seed=settings.seed, threads=settings.workers) as context:
            simulate_session(session.settings, folder, context)
    except Stopped:
        notes.seconds("simulated", time.monotonic() - began)
        return None
    spent = notes.seconds("simulated", time.monotonic() - began)
    return Line("Simulation", spent, f"{session.settings.movies} movies of {session.settings.camera.frames} frames")


def _carry_out(project: Project, step: Step, session: Session, *, notes: Notes, settings: DemoSettings) -> Line | None:
    """Run a step, or go on with it, unless it has succeeded; None when it was stopped."""
    graph = project.graph()
    found = {p.alias.rstrip("/").rpartition("/")[2]: p for p in graph.processes.values() if p.alias}
    cls = registry.by_command(step.command)
    if cls is None:
        raise UserError(f"there is no job with the command {step.command}")
    seconds = 0.0
    if step.alias not in found:
        folders = {alias: process.name.rstrip("/") for alias, process in found.items()}
        job = as_command.from_arguments(cls, step.arguments(session, folders), f"vitreous {step.command}")
        project.add(job, placement=_placement(step, settings), seed=settings.seed, alias=step.alias)
    if step.alias not in found or found[step.alias].status != "Succeeded":
        outcome = project.run(step.alias)
        seconds = outcome.seconds
        if outcome.status != "succeeded":
            notes.seconds(step.alias, seconds)
            return None
    return Line(cls.type.title, notes.seconds(step.alias, seconds), step.figure(Path(project.find(step.alias))))


def _placement(step: Step, settings: DemoSettings) -> Placement:
    return Placement(workers=settings.workers) if step.is_map else Placement(threads=settings.workers)


def _print(console: Console, lines: list[Line], page: Path) -> None:
    table = ScreenTable("Step", "Time", "Key figure")
    for line in lines:
        table.add_row(line.title, duration(line.seconds) if line.seconds else "", line.figure)
    console.print(table)
    console.print(f"The page with all pictures: {page}")
    console.print(f"The project in the window: vitreous web {shlex.quote(str(page.parent))}")


def folders_of(project: Project) -> Mapping[str, Path]:
    """The job folder of each step of the demonstration by its alias."""
    return {
        process.alias.rstrip("/").rpartition("/")[2]: Path(process.name)
        for process in project.graph().processes.values()
        if process.alias
    }
