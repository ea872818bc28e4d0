"""Whether a table may still grow: it is open while the job that makes it is at work and has left no exit marker."""

import fcntl
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vitreous.job.options import options, value_of
from vitreous.run.folder import JobFolder
from vitreous.run.places import placed

GRACE_S = 10.0  # without a process, until a producer counts as dead: it may be started again meanwhile
_JOB = re.compile(r"^(.*?[^/]+/job\d{3,})(?:/|$)")


def producer(path: str) -> JobFolder | None:
    """The folder of the job that makes a file, by its path; aliases are followed. None for a file of no job."""
    found = _JOB.match(path) or _JOB.match(str(Path(path).parent.resolve()))
    return JobFolder(Path(found[1])) if found else None


def is_ended(folder: JobFolder) -> bool:
    """Whether the last run in a folder has left its exit marker."""
    return any(path.exists() for path in folder.verdicts)


def is_at_work(folder: JobFolder) -> bool:
    """Whether a run of ours is at work in a folder, as its lock tells, or is on its way there, as its place tells.

    A lock is seen from another computer that shares the disk, too. Where the file system has no locks, a run without an
    exit marker counts as being at work.
    """
    return is_held(folder) or placed.hint(folder) in ("waiting", "running")


def is_held(folder: JobFolder) -> bool:
    """Whether a living run holds the lock of a folder."""
    try:
        handle = folder.lock.open("rb")
    except OSError:
        return False
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared, as who may only read can ask for it too
        except OSError:
            return True
    return False


def given_inputs(job: Any) -> list[str]:
    """The paths that a job's input options name; a pattern with * or ? is none."""
    paths = [str(value_of(job, option)) for option in options(type(job)) if option.is_input and value_of(job, option)]
    return [path for path in paths if not set("*?[") & set(path)]


def input_stamps(paths: Iterable[str], root: Path = Path()) -> dict[str, tuple[int, int]]:
    """Size and time of change of files, (0, 0) for one that is not there. Only compared for equality: clocks do not matter."""
    found = {}
    for path in paths:
        try:
            about = (root / path).stat()
        except OSError:
            found[path] = (0, 0)
        else:
            found[path] = (about.st_size, about.st_mtime_ns)
    return found


def may_come(path: str) -> bool:
    """Whether a file that is not there may still be made: the job that it belongs to is at work."""
    maker = producer(path)
    return maker is not None and not is_ended(maker) and is_at_work(maker)


@dataclass
class Watched:
    """One input file of a job that follows it."""

    path: str
    maker: JobFolder | None
    lonely_since: float | None = None
    ended: bool = False
    told: str = ""

    def is_open(self) -> bool:
        """Whether the file may still grow. Once closed it stays so for this run."""
        if self.ended or self.maker is None:
            return False
        if is_ended(self.maker):
            self.ended = True
            if not self.maker.success.exists():
                self.told = f"{self.maker.path} did not succeed: going on with what it has made"
            return False
        if is_at_work(self.maker):
            self.lonely_since = None
            return True
        now = time.monotonic()
        self.lonely_since = self.lonely_since if self.lonely_since is not None else now
        if now - self.lonely_since > GRACE_S:
            self.ended = True
            self.told = f"{self.maker.path} has died without a word: going on with what it has made"
        return not self.ended


@dataclass
class Inputs:
    """All inputs of one run."""

    files: list[Watched] = field(default_factory=list)

    @classmethod
    def of(cls, job: Any, own: JobFolder) -> "Inputs":
        """The inputs of a job; those that no job is making when the run begins are closed."""
        found = []
        for path in given_inputs(job):
            maker = producer(path)
            if maker is not None and maker.path.resolve() == own.path.resolve():
                maker = None
            if maker is not None and (is_ended(maker) or not is_at_work(maker)):
                maker = None
            found.append(Watched(path, maker))
        return cls(found)

    def is_open(self) -> bool:
        """Whether any of them may still grow. All are asked, so that each that closed is told of."""
        found = [file.is_open() for file in self.files]
        return any(found)

    def told(self) -> Sequence[str]:
        """What is to be said of inputs that closed; each sentence once."""
        said = list(dict.fromkeys(file.told for file in self.files if file.told))
        for file in self.files:
            file.told = ""
        return said

    def missing(self) -> list[str]:
        """Those that are not there."""
        return [file.path for file in self.files if not Path(file.path).exists()]

    def stamps(self) -> dict[str, tuple[int, int]]:
        """Size and time of each, by path."""
        return input_stamps([file.path for file in self.files])
