"""Scheduled jobs run one after another, and again and again while data come: RELION's RunJobs with its repeats."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vitreous.context import Stopped, UserError
from vitreous.job.declare import LoopJob
from vitreous.project import inputs, tidy, turn
from vitreous.project.lock import Owner, check_writable, owner_in
from vitreous.project.schemes.folder import named
from vitreous.run.record import append_text
from vitreous.run.watching import given_inputs, input_stamps

if TYPE_CHECKING:
    from vitreous.project.project import Project

LOOK_S = 0.5


@dataclass(frozen=True)
class Rhythm:
    """How often and how fast. Waits: minutes from the beginning of one pass to that of the next, minutes before the first,
    seconds after each job (for disks whose files appear late). max_time_h: no job begins after so long; 0: no limit."""

    repeat: int = 1
    min_wait_min: float = 0.0
    wait_before_min: float = 0.0
    wait_after_s: float = 0.0
    max_time_h: float = 0.0
    input_wait_s: float = inputs.LIMIT_S

    def __post_init__(self) -> None:
        spans = (self.min_wait_min, self.wait_before_min, self.wait_after_s, self.max_time_h, self.input_wait_s)
        if self.repeat < 1 or not all(span >= 0 for span in spans):
            raise UserError("jobs repeat once at least, and no wait or time limit can be negative: correct the numbers")


@dataclass(frozen=True)
class Passed:
    """How it ended: "finished", "stopped" (the running file was removed) or "out of time"; whole passes, and jobs run."""

    how: str
    passes: int
    jobs: int


class Repeats:
    """Jobs that run in turn under a name. The file RUNNING_PIPELINER_<name> lasts as long; removing it stops the jobs."""

    def __init__(
        self,
        project: "Project",
        name: str,
        jobs: Sequence[str],
        rhythm: Rhythm,
        *,
        here: bool = False,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.project, self.name, self.rhythm, self.here, self.said = project, named(name), rhythm, here, say
        self.jobs = [project.find(job) for job in jobs]
        self.began = time.monotonic()
        self.done = 0
        self.stamps: dict[str, dict[str, tuple[int, int]]] = {}

    @property
    def running(self) -> Path:
        """The file that lasts as long as the jobs are run."""
        return self.project.layout.root / f"RUNNING_PIPELINER_{self.name}"

    @property
    def log(self) -> Path:
        return self.project.layout.root / f"pipeline_{self.name}.log"

    def go(self) -> Passed:
        """Run all passes. A job that fails or is aborted stops everything with an error."""
        if not self.jobs:
            raise UserError("name the jobs that are to run, in their order")
        check_writable(self.project.layout)
        self._take_name()
        self.say(f"{self.name}: {', '.join(self.jobs)}, {self.rhythm.repeat} times; remove {self.running.name} to stop")
        passed, how = 0, "finished"
        try:
            self._pause(self.rhythm.wait_before_min * 60)
            while passed < self.rhythm.repeat:
                began = time.monotonic()
                for name in self.jobs:
                    self._check_time()
                    self._turn(name, again=passed > 0)
                passed += 1
                if passed < self.rhythm.repeat:
                    self._pause(began + self.rhythm.min_wait_min * 60 - time.monotonic())
        except Stopped:
            how = "stopped"
        except _OutOfTime:
            how = "out of time"
        except UserError as error:
            self.say(f"ERROR: {error}")
            raise
        finally:
            self.running.unlink(missing_ok=True)
        self.say(f"{self.name}: {how} after {passed} of {self.rhythm.repeat} passes, {self.done} jobs run")
        return Passed(how, passed, self.done)

    def say(self, text: str) -> None:
        """A line for the user and for the log."""
        append_text(self.log, f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}")
        self.said(text)

    def _turn(self, name: str, *, again: bool) -> None:
        loaded = self.project.loaded(name)
        if not inputs.wait_for(
            loaded.job, self.project.layout.root, name=name, say=self.say, stop_asked=self._is_stopped,
            limit_s=self.rhythm.input_wait_s,
        ):  # fmt: skip
            raise Stopped
        stamps = input_stamps(given_inputs(loaded.job), self.project.layout.root)
        if again and isinstance(loaded.job, LoopJob):
            if stamps == self.stamps.get(name):
                self.say(f"{name}: its input is what it was; left as it is")
                return
            tidy.start_afresh(self.project.layout, name)
        self.stamps[name] = stamps
        self.say(f"{name}: {'goes on' if again and not isinstance(loaded.job, LoopJob) else 'starts'}")
        turn.begin(self.project, name, here=self.here, say=self.say)
        state = turn.end(self.project, name, say=self.say, stop_asked=self._is_stopped)
        if state != "Succeeded":
            where = self.project.layout.job(name)
            raise UserError(f"{self.name} stops: {name} is {state.lower()}; see {where / 'run.err'}")
        self.done += 1
        self._pause(self.rhythm.wait_after_s)

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._check_time()
            time.sleep(min(left, LOOK_S))
            if self._is_stopped():
                raise Stopped

    def _is_stopped(self) -> bool:
        return not self.running.exists()

    def _check_time(self) -> None:
        limit = self.rhythm.max_time_h * 3600
        if limit and time.monotonic() - self.began >= limit:
            raise _OutOfTime

    def _take_name(self) -> None:
        """Leave the running file; one that a living run has left is an error, a dead one's is taken over."""
        owner = owner_in(self.running)
        if owner is not None and owner.is_dead():
            self.running.unlink(missing_ok=True)
        try:
            with self.running.open("x") as file:  # of two that begin at once, one makes the file
                file.write(Owner.here().text())
        except FileExistsError:
            raise UserError(
                f"jobs run under the name {self.name} already ({owner or 'RELION, or a program that left no name'}): "
                f"take another name, or remove {self.running.name} to stop them"
            ) from None


class _OutOfTime(Exception):
    """The time that was given is over."""
