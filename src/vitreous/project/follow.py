"""Starts the jobs of a chain as soon as there is something for each to do, and again those that died or got more input.

It keeps nothing of its own: what is to be done is read from the graph and the job folders each time, so it may be stopped
and started at will, and the jobs go on without it.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.declare import LoopJob, MapJob
from vitreous.project import starting
from vitreous.project.current import current
from vitreous.project.graph import Graph
from vitreous.project.layout import Layout, number_of
from vitreous.project.lock import check_writable
from vitreous.project.state import is_alive, job_file
from vitreous.run.folder import JobFolder
from vitreous.run.places.local import start_own
from vitreous.run.watching import given_inputs, input_stamps

TRIES = 3  # of a job that dies without a word, before it is left
LEAST_POLL_S, MOST_POLL_S = 0.5, 5.0
SHARE = 5.0  # of the time, at most one part in so many goes into looking

WORKING, DONE, STALE, DUE, DIED, FAILED = "at work", "done", "has new input", "to be started", "died", "not to be started"


def _silent(text: str) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Limits:
    """How much may run at once. jobs: in all, 0 for no limit; cores: for jobs that go round in iterations, 0 for no limit.

    Map jobs that follow each other share the cores as the system deals them out, and idle when they have nothing to do.
    """

    jobs: int = 0
    cores: int = 0


@dataclass
class Following:
    """One session of following: the jobs, and how often each was started in it.

    named: those that are started even if they failed or were stopped before.
    """

    layout: Layout
    names: Sequence[str]
    named: Sequence[str] = ()
    limits: Limits = field(default_factory=Limits)
    say: Callable[[str], None] = _silent
    begun: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    _loaded: dict[str, tuple[int, as_star.Loaded]] = field(default_factory=dict)

    def run(self, stop_asked: Callable[[], bool] = _never) -> dict[str, str]:
        """Start what can be started until nothing is at work and nothing can begin; gives the state of each job."""
        poll_s = LEAST_POLL_S
        while not stop_asked():
            began = time.monotonic()
            graph = current(self.layout)
            states = {name: self.state(graph, name) for name in self.names}
            self._refuse(states)
            looked_s = time.monotonic() - began
            started = self._start(graph, states)
            if not started and WORKING not in states.values():
                break
            poll_s = LEAST_POLL_S if started else min(1.3 * poll_s, MOST_POLL_S)
            time.sleep(max(poll_s, SHARE * looked_s))
        graph = current(self.layout)
        states = {name: self.state(graph, name) for name in self.names}
        self._refuse(states)
        return states

    def _refuse(self, states: dict[str, str]) -> None:
        """Leave out jobs that cannot be run here, such as those of types that only RELION knows; each is told once."""
        for name, state in states.items():
            if state not in (DUE, STALE, DIED):
                continue
            try:
                self._load(name)
            except UserError as error:
                states[name] = FAILED
                if self.refused.get(name) != str(error):
                    self.say(f"{name} is not started: {error}")
                self.refused[name] = str(error)

    def state(self, graph: Graph, name: str) -> str:
        """How a job stands, as one of the words above."""
        folder = JobFolder(self.layout.job(name))
        status = graph.processes[name].status
        if status == "Succeeded":
            return STALE if self._has_new_input(name, folder) else DONE
        if status == "Running":
            return WORKING if is_alive(folder) else DIED
        is_asked_for = name in self.named and not self.begun.get(name)
        return DUE if status == "Scheduled" or is_asked_for else FAILED

    def _start(self, graph: Graph, states: dict[str, str]) -> int:
        """Start every job whose input is there, within the limits; gives how many."""
        started = 0
        for name in self.names:
            if states[name] not in (DUE, STALE, DIED) or not self._may_begin(graph, name, states):
                continue
            working = [other for other, state in states.items() if state == WORKING]
            if self.limits.jobs and len(working) >= self.limits.jobs:
                break
            if not self._fits(name, working):
                continue
            if states[name] == DIED and self.begun.get(name, 0) >= TRIES:
                states[name] = FAILED
                continue
            self.begun[name] = self.begun.get(name, 0) + 1
            try:
                starting.start(self.layout, name, self._load(name), {})
            except UserError as error:
                self.say(f"{name}: {error}")
                states[name] = FAILED
                continue
            why = {DUE: "its input is there", STALE: STALE, DIED: "it had died"}[states[name]]
            self.say(f"{name} started: {why}")
            states[name] = WORKING
            started += 1
        return started

    def _may_begin(self, graph: Graph, name: str, states: dict[str, str]) -> bool:
        """A job that follows begins with the first row; any other when all before it is done."""
        job = self._load(name).job
        if not all((self.layout.root / path).exists() for path in given_inputs(job)):
            return False
        if isinstance(job, MapJob) and job.follows:
            return True
        before = [other for other in graph.ancestors(name) if other in states]
        needed = dict.fromkeys([*graph.parents(name), *before])
        return all((states.get(other) or self.state(graph, other)) == DONE for other in needed)

    def _fits(self, name: str, working: Sequence[str]) -> bool:
        """Whether there are cores for a job that goes round in iterations; one always runs."""
        if not self.limits.cores or not isinstance(self._load(name).job, LoopJob):
            return True
        loops = [other for other in working if other in self._loaded and isinstance(self._load(other).job, LoopJob)]
        busy = [self._cores(other) for other in loops]
        return not busy or sum(busy) + self._cores(name) <= self.limits.cores

    def _cores(self, name: str) -> int:
        placement = self._load(name).placement
        return placement.workers * placement.threads

    def _has_new_input(self, name: str, folder: JobFolder) -> bool:
        """Whether an input of a job that follows has changed since the run that succeeded read it, unless it was closed."""
        if folder.close.exists():
            return False
        try:
            seen = json.loads(folder.seen.read_text())
        except (OSError, ValueError):
            return False
        now = input_stamps(seen, self.layout.root)
        return any(now[path] != tuple(stamp) for path, stamp in seen.items() if now[path] != (0, 0))

    def _load(self, name: str) -> as_star.Loaded:
        """The job of a folder, read again when its job.star has changed."""
        path = job_file(self.layout, name)
        stamp = path.stat().st_mtime_ns if path.exists() else 0
        if name not in self._loaded or self._loaded[name][0] != stamp:
            self._loaded[name] = (stamp, as_star.load(path))
        return self._loaded[name][1]


def chosen(layout: Layout, names: Sequence[str], *, only: bool = False) -> list[str]:
    """The jobs to follow, in order of number: those named, or all that are scheduled or at work; and all that use them.

    only: those named and what they still wait for, and none that use them.
    """
    graph = current(layout)
    open_ones = [name for name, process in graph.processes.items() if process.status in ("Scheduled", "Running")]
    begun = list(names or open_ones)
    if only:
        found = {*begun, *(other for name in begun for other in graph.ancestors(name) if other in open_ones)}
    else:
        found = {*begun, *(user for name in begun for user in graph.descendants(name))}
    return sorted(found, key=lambda name: number_of(name) or 0)


def follow(
    layout: Layout,
    names: Sequence[str],
    *,
    limits: Limits | None = None,
    only: bool = False,
    say: Callable[[str], None] = _silent,
    stop_asked: Callable[[], bool] = _never,
) -> dict[str, str]:
    """Follow these jobs and all that use their outputs, or every job that is scheduled; gives how each stands in the end."""
    jobs = chosen(layout, names, only=only)
    if not jobs:
        raise UserError("there is nothing to follow: no job is scheduled or at work; name the jobs, or schedule some")
    return Following(layout, jobs, names, limits or Limits(), say).run(stop_asked)


def close(layout: Layout, name: str) -> str:
    """Let a job that waits for more input, or watches a folder, end with what it has. Says what was done."""
    check_writable(layout)
    folder = JobFolder(layout.job(name))
    if not is_alive(folder) or not folder.lock.exists():
        raise UserError(f"{name} is not at work: there is nothing to close")
    folder.close.touch()
    return f"{name}: takes nothing more in, and ends when what it has is done"


def in_background(layout: Layout, names: Sequence[str], limits: Limits, *, only: bool = False) -> tuple[int, Path]:
    """Follow jobs in a process of its own, which goes on without this one; gives its number, and the file that it writes to."""
    chosen(layout, names, only=only)
    hidden = layout.kept_graph.parent
    hidden.mkdir(exist_ok=True)
    out = hidden / "follow.out"
    words = ["project", "follow", *names, "--jobs", str(limits.jobs), "--cores", str(limits.cores), *(["--only"] if only else [])]
    return start_own(words, root=layout.root, out=out, err=out), out
