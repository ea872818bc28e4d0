"""A job of the project is run in this process, waited for, or asked to stop; its state and outputs enter the graph."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.job.as_star import Loaded
from vitreous.project import edges, latest, starting
from vitreous.project import graph as graphs
from vitreous.project.current import current
from vitreous.project.layout import GRAPH, Layout
from vitreous.project.lock import check_writable
from vitreous.project.state import has_died, is_alive, marker
from vitreous.project.trash import refuse_alive
from vitreous.run.folder import JobFolder
from vitreous.run.opening import look_for_inputs
from vitreous.run.runner import Outcome, run

LOOK_EVERY_S = 5.0
ENDED = ("Succeeded", "Failed", "Aborted", "Died")


def run_here(layout: Layout, name: str, loaded: Loaded, *, command: str, quiet: bool, placed: bool) -> Outcome:
    """Run a job with the project as the current directory, from which all paths in it count.

    placed: this is the place that the job was handed to, and this process may be one of several that work on it.
    """
    part = starting.part_here(loaded) if placed else "lead"
    if part == "nothing":
        return Outcome("succeeded")
    with contextlib.chdir(layout.root):
        loaded = replace(loaded, job=latest.with_files(graphs.read(Path(GRAPH)), loaded.job))
        if part == "help":
            return starting.help_here(JobFolder(Path(name)), loaded)
        here = Layout(Path("."), layout.readonly)
        if not placed and marker(JobFolder(here.job(name))) == "Succeeded":
            look_for_inputs(loaded.job)  # what has come to its end stays so when it cannot be gone on with
        _enter(here, name, loaded.job, placed=placed)
        try:
            return run(loaded.job, here.job(name), loaded.placement, seed=loaded.seed, command=command, quiet=quiet)
        finally:
            _close(here, name, loaded.job)


def _enter(layout: Layout, name: str, job: Any, *, placed: bool) -> None:
    """Let the graph say that a job runs and what it takes; leave copies of the graph in its folder."""
    with graphs.locked(layout) as graph:
        if not placed:
            refuse_alive(layout, graph, name, ours_only=True)
            JobFolder(layout.job(name)).place.unlink(missing_ok=True)  # where it was handed to before it is no more
        graph.set_status(name, "Running")
        graph.inputs = [edge for edge in graph.inputs if edge[1] != name]
        edges.connect_inputs(layout, graph, name, job)
        running = graph.part(name)
    folder = layout.job(name)
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write_bytes(folder / GRAPH, layout.graph.read_bytes(), durable=False)
    graphs.write(folder / "job_pipeline.star", running)


def _close(layout: Layout, name: str, job: Any) -> None:
    """Enter how a run ended, and what it made. Without a verdict somebody else may be at work in the folder."""
    folder = JobFolder(layout.job(name))
    with graphs.locked(layout) as graph:
        verdict = marker(folder)
        if not verdict and is_alive(folder):
            return
        graph.set_status(name, verdict or "Failed")
        if verdict == "Succeeded":
            edges.drop_old_outputs(layout, graph, name, job)
            edges.add_listed_outputs(layout, graph, name)
        edges.connect_outputs(layout, graph, name, job, exist=True)


def wait(layout: Layout, name: str, *, poll_s: float, stop_asked: Callable[[], bool]) -> str:
    """Wait until a job has ended, or died, or the question says stop; gives its state as in the graph, or "Died".

    Only the exit marker is looked for at each poll; the graph, which may be large, is read when it has come, and now and then.
    """
    folder, looked = JobFolder(layout.job(name)), -LOOK_EVERY_S
    while True:
        stopped = stop_asked()
        if stopped or marker(folder) or time.monotonic() - looked >= LOOK_EVERY_S:
            state, looked = state_of(layout, name), time.monotonic()
            if stopped or state in ENDED:
                return state
        time.sleep(poll_s)


def state_of(layout: Layout, name: str) -> str:
    """The state of a job as it is now, "Died" for one that has lost its process."""
    process = current(layout).processes[name]
    return "Died" if has_died(layout, process) else process.status


def abort(layout: Layout, name: str, *, grace_s: float) -> str:
    """Ask a job to stop, take it out of its queue, or mark one that is not at work; says what was done."""
    check_writable(layout)
    process = current(layout).processes[name]
    folder = JobFolder(layout.job(name))
    if process.status not in ("Running", "Scheduled"):
        raise UserError(f"{name} does not run: it is {process.status.lower()}")
    if process.status == "Running" and is_alive(folder):
        return starting.stop(name, folder, grace_s=grace_s)
    with graphs.locked(layout) as graph:
        graph.set_status(name, "Aborted")
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.aborted.touch()
    return f"{name}: was not at work; marked as aborted"
