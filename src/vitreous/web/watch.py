"""Looks at a project directory for all viewers at once, and tells what has changed since the last look. It reads times of
files alone; only a changed graph is read again, to know which jobs to watch. Nothing in the project is touched."""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from vitreous.context import UserError
from vitreous.project import graph as graphs
from vitreous.project.graph import Process
from vitreous.project.layout import Layout, number_of
from vitreous.project.notes import path_of
from vitreous.project.trash import TRASH
from vitreous.run.folder import JobFolder
from vitreous.web.beginning import Demonstration

MOST_JOBS = 64
"""As many jobs are looked at in one look, the newest always; more than that take turns."""
SILENT_S = 180.0
MACHINE_S = 10.0
SAME_FREE_BYTES = 40_000_000
"""A free space that differs by less than this is the same."""

Signature = tuple[int, int, int] | None


@dataclass(frozen=True)
class Change:
    """Something that a page may show has changed: the topic, where it applies the job "014" and a path in the project."""

    topic: str
    job: str = ""
    path: str = ""

    def said(self) -> dict[str, str]:
        """As the browser gets it, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value}


def number_word(name: str) -> str:
    """The number of a job as the window's addresses have it: "Class2D/job014/" gives "014"; empty for no job's name."""
    number = number_of(name)
    return "" if number is None else f"{number:03d}"


def signature(path: Path) -> Signature:
    """Time, size and identity of a file; None when it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Watcher:
    """The last look at a project, with which the next is compared."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._graph: Signature = None
        self._jobs: dict[str, Process] = {}
        self._seen: dict[tuple[Change, str], Signature | bool] = {}
        self._turn = 0
        self._machine_at = 0.0
        self._free = -1
        self._first = True

    def look(self) -> list[Change]:
        """What has changed since the last look, each thing once; the first look tells nothing."""
        found = list(dict.fromkeys((*self._of_graph(), *self._of_files(), *self._of_machine())))
        first, self._first = self._first, False
        return [] if first else found

    def _of_graph(self) -> Iterator[Change]:
        now = signature(self.layout.graph)
        if now == self._graph:
            return
        try:
            jobs = graphs.read(self.layout.graph).processes if now else {}
        except (UserError, OSError):
            return  # being written, or broken: the pages that read it say so
        if (self._graph is None) != (now is None):
            yield Change("project")
        self._graph = now
        yield Change("jobs")
        for name in jobs.keys() | self._jobs.keys():
            if jobs.get(name) != self._jobs.get(name):
                yield Change(f"job:{number_word(name)}", number_word(name), name)
        self._jobs = dict(jobs)

    def _of_files(self) -> Iterator[Change]:
        """The files of the project itself, then of the jobs that run or wait."""
        yield from self._look_at(Change("jobs"), self.layout.changed)
        for path in (path_of(self.layout), Demonstration(self.layout.root).out):
            yield from self._look_at(Change("project"), path)
        trash = self.layout.root / TRASH
        for place in (trash, *_folders(trash)):
            yield from self._look_at(Change("trash"), place)
        for process in self._at_hand():
            number = number_word(process.name)
            folder = JobFolder(self.layout.job(process.name))
            yield from self._look_at(Change(f"draft:{number}", number), folder.hidden / "draft.json")
            if process.status == "Running":
                yield from self._of_running(number, folder)

    def _at_hand(self) -> list[Process]:
        """The jobs that may change by themselves: those that run, and the newest of those that wait."""
        running = [process for process in reversed(self._jobs.values()) if process.status == "Running"]
        waiting = [process for process in reversed(self._jobs.values()) if process.status == "Scheduled"]
        many = running + waiting
        if len(many) <= MOST_JOBS:
            return many
        half = MOST_JOBS // 2
        self._turn = (self._turn + half) % len(many)
        return [*many[:half], *(many[half:] * 2)[self._turn : self._turn + half]]

    def _of_running(self, number: str, folder: JobFolder) -> Iterator[Change]:
        job, name = Change(f"job:{number}", number), f"{folder.path.parent.name}/{folder.path.name}"
        yield from self._look_at(Change(f"progress:{number}", number), folder.progress)
        for path in (folder.out, folder.err):
            yield from self._look_at(Change(f"log:{number}", number, f"{name}/{path.name}"), path)
        for path in (*folder.control, folder.lost, folder.close, folder.place):
            for change in (job, Change("jobs")):
                yield from self._look_at(change, path)
        yield from self._look_at(job, folder.path)
        for path in (folder.rows, *_files(folder.rows)):
            yield from self._look_at(Change("live", number), path)
        yield from self._of_silence(job, folder)

    def _of_silence(self, job: Change, folder: JobFolder) -> Iterator[Change]:
        """A job that falls silent, or speaks again, changes its state though no file does."""
        heard = max((when[0] for path in (folder.progress, folder.out) if (when := signature(path))), default=0)
        silent = bool(heard) and time.time() - heard / 1e9 > SILENT_S
        if self._differs((job, "silent"), silent):
            yield job
            yield Change("jobs")

    def _of_machine(self) -> Iterator[Change]:
        """Load and free space, every ten seconds while something runs, else when the free space differs."""
        now = time.monotonic()
        if now - self._machine_at < MACHINE_S:
            return
        self._machine_at = now
        try:
            free = shutil.disk_usage(self.layout.root).free
        except OSError:
            return
        busy = any(process.status == "Running" for process in self._jobs.values())
        if busy or abs(free - self._free) > SAME_FREE_BYTES:
            self._free = free
            yield Change("machine")

    def _look_at(self, change: Change, path: Path) -> Iterator[Change]:
        if self._differs((change, str(path)), signature(path)):
            yield change

    def _differs(self, key: tuple[Change, str], value: Signature | bool) -> bool:
        """Whether this differs from the last look; what is seen for the first time differs only when it has come since."""
        new = key not in self._seen
        before, self._seen[key] = self._seen.get(key), value
        return not new and before != value


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder; none when it is not there."""
    try:
        with os.scandir(folder) as found:
            return [Path(entry.path) for entry in found if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:
            return [Path(entry.path) for entry in found][:MOST_JOBS]
    except OSError:
        return []
