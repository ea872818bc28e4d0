"""Who brings workers to the leader of a job: Slurm, as many as there is work for; a run profile; the ranks of an MPI launch."""

import itertools
import math
import os
import shlex
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.job.placement import Placement
from vitreous.run.folder import JobFolder
from vitreous.run.places import offer, profile, request, slurm

SEND_HOME_AFTER_S = 20.0  # without work, where there are more workers than units
LOST_JOBS = 4  # batch jobs of workers that may end before any worker has reported


class Bringer(Protocol):
    """Somebody who brings workers to a leader, by the command that starts one."""

    def bring(self, work: int, present: Mapping[str, bool]) -> list[str]:
        """See to workers for so many units. present: names of those here, and whether each is busy. Gives names to send home."""
        ...

    def close(self) -> None:
        """Nobody more is wanted."""
        ...


@dataclass
class Rhythm:
    """When to ask Slurm again: soon after something has changed, then ever more seldom, so that it is not burdened."""

    SOON_S, LATE_S, SLOWER = 1.0, 15.0, 1.5

    pause_s: float = SOON_S
    next_s: float = -1e9
    before: Any = None

    def due(self, changing: Any) -> bool:
        """Whether it is time; `changing` is compared with what it was when it was last asked for."""
        if changing != self.before:
            self.before, self.pause_s = changing, self.SOON_S
            self.next_s = min(self.next_s, time.monotonic() + self.SOON_S)
        if time.monotonic() < self.next_s:
            return False
        self.next_s = time.monotonic() + self.pause_s
        self.pause_s = min(self.LATE_S, self.SLOWER * self.pause_s)
        return True


@dataclass
class SlurmBringer:
    """Workers as batch jobs of Slurm, as many as there is work for, up to the number that the placement asks for."""

    script: Path
    submit: str
    most: int
    per_job: int
    rhythm: Rhythm = field(default_factory=Rhythm)
    _submitted: set[str] = field(default_factory=set)
    _reported: set[str] = field(default_factory=set)
    _idle_since: dict[str, float] = field(default_factory=dict)

    def bring(self, work: int, present: Mapping[str, bool]) -> list[str]:
        batches: dict[str, bool] = {}
        for name, busy in present.items():
            batch = name.partition(":")[0]
            batches[batch] = batches.get(batch, False) or busy
        self._reported |= batches.keys()
        if not self.rhythm.due((math.ceil(work / self.per_job), len(present))):
            return []
        known = slurm.states()
        if known is None:
            return []
        live = {number for number in self._submitted if number in known}
        self._refuse_if_none_reports(live)
        wanted = min(self.most, math.ceil(work / self.per_job))
        if len(live) < wanted:
            self._grow(wanted - len(live))
            return []
        return self._shrink(live, len(live) - wanted, known, batches, present)

    def close(self) -> None:
        known = slurm.states() or {}
        slurm.cancel([number for number in self._submitted if number in known])

    def _grow(self, count: int) -> None:
        try:
            number = slurm.submit(str(self.script), command=f"{self.submit} --array=0-{count - 1}")
        except UserError:
            if not self._submitted:
                raise
            return  # a queue that took such jobs before will take them again
        self._submitted |= {f"{number}_{element}" for element in range(count)}

    def _shrink(
        self, live: set[str], surplus: int, known: Mapping[str, str], batches: Mapping[str, bool], present: Mapping[str, bool]
    ) -> list[str]:
        """Take back those that wait in the queue; send home those that had nothing to do for a while."""
        waiting = sorted(number for number in live if known[number] == "PENDING")[:surplus]
        slurm.cancel(waiting)
        now = time.monotonic()
        self._idle_since = {batch: self._idle_since.get(batch, now) for batch, busy in batches.items() if not busy}
        tired = [batch for batch, since in self._idle_since.items() if now - since > SEND_HOME_AFTER_S and batch in live]
        leaving = tired[: max(0, surplus - len(waiting))]
        return [name for name in present if name.partition(":")[0] in leaving]

    def _refuse_if_none_reports(self, live: set[str]) -> None:
        ended = self._submitted - live - self._reported
        if len(ended) >= max(LOST_JOBS, self.most) and not self._reported:
            log = self.script.with_name("workers.log")
            said = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
            last = f": {said[-1]}" if said else ""
            raise UserError(f"{len(ended)} batch jobs of workers ended before a worker reported{last} (see {log})")


@dataclass
class ProfileBringer:
    """Workers by the command lines of a run profile, started once; those that come late are welcome, lost ones stay lost.

    The lines are started beside the work, as the delays between hundreds of them add up.
    """

    profile: profile.Profile
    command: Callable[[int, int], str]
    log: Path
    program: str
    _started: list[Any] = field(default_factory=list)
    _thread: threading.Thread | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    def bring(self, work: int, present: Mapping[str, bool]) -> list[str]:
        if self._thread is not None and self._thread.is_alive():
            return []
        if len(self._started) < min(work, self.profile.copies):
            self._thread = threading.Thread(target=self._start, args=(work,), name="run profile", daemon=True)
            self._thread.start()
        elif not present and self._started and all(process.poll() not in (None, 0) for process in self._started):
            said = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
            last = f": {said[-1]}" if said else ""
            raise UserError(f"every worker command of the run profile {self.profile.name} has failed{last} (see {self.log})")
        return []

    def _start(self, work: int) -> None:
        lines = profile.launches(self.profile, self.command, most=work, program=self.program)
        new = itertools.islice(lines, len(self._started), None)
        wanted = itertools.takewhile(lambda line: not self._ended.is_set(), new)
        pause = self._ended.wait
        for process in profile.start(wanted, log=self.log, environment=slurm.clean_environment(), pause=pause):
            self._started.append(process)

    def close(self) -> None:
        """Start no more. Workers leave when their leader does; the shells that wait for them end then too."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()


@dataclass
class RankBringer:
    """The other ranks of this program's MPI launch come by themselves."""

    def bring(self, work: int, present: Mapping[str, bool]) -> list[str]:
        return []

    def close(self) -> None:
        """They leave when their leader does."""


def worker_command(path: Path, threads: int, copy: int = 0) -> str:
    """The command line that starts a worker for the leader of an offer; `copy` counts those of one line, to share GPUs."""
    words = [sys.executable, "-m", "vitreous.run.places.worker", str(path.resolve()), "--threads", str(threads)]
    return shlex.join([*words, "--copy", str(copy)] if copy else words)


def worker_script(placement: Placement, name: str, path: Path, *, folder: str = "") -> str:
    """The script of one batch job of workers. folder: the project directory, else the current one."""
    log = str(path.with_name("workers.log").resolve())
    asked = request.worker(placement, name)
    return slurm.script(asked, worker_command(path, placement.threads), folder=folder or os.getcwd(), out=log, err=log)


def bringer_of(placement: Placement, folder: JobFolder, program: str) -> Bringer:
    """Who brings the workers that a placement asks for. program: the job's word, for $program_name."""
    path = folder.crew / offer.NAME
    if placement.profile:
        chosen = profile.find(Path.cwd(), placement.profile)
        return ProfileBringer(chosen, partial(worker_command, path), folder.crew / "workers.log", program)
    if placement.queue_template:
        return RankBringer()
    name = str(folder.path)
    script = folder.crew / "workers.script"
    atomic.write_text(script, worker_script(placement, name, path))
    most = request.worker_jobs(placement, name)
    return SlurmBringer(script, placement.submit or "sbatch", most, request.worker(placement, name).tasks)
