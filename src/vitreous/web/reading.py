"""The project's graph and jobs as the window reads them: cached by times of files, only jobs that run are looked at again."""

import contextlib
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from vitreous.context import UserError
from vitreous.job.declare import AskJob
from vitreous.job.registry import by_label
from vitreous.project import graph as graphs
from vitreous.project.graph import Graph, Process
from vitreous.project.layout import number_of
from vitreous.project.project import Project
from vitreous.project.state import ended
from vitreous.run.asking import question_of
from vitreous.run.folder import JobFolder
from vitreous.web.job_details import Details, details, state_of
from vitreous.web.job_types import Word, command_of, word_of
from vitreous.web.key_numbers import key_of
from vitreous.web.opened import Opened
from vitreous.web.problems import Missing
from vitreous.web.telling.failure import failure

AT_ONCE_S = 0.15
"""Time that one request may spend on folders it has not looked into yet; the rest is read in the background."""
NEWEST = 500
"""Ended jobs whose folders are asked for changes again at each look."""
_STATES = {"Succeeded": "finished", "Failed": "failed", "Aborted": "aborted", "Scheduled": "scheduled", "Running": "running"}


@dataclass(frozen=True)
class Row:
    """One job as lists show it."""

    process: Process
    number: str
    word: Word
    type: str
    state: str
    about: Details
    key: str
    known: bool

    @property
    def name(self) -> str:
        return self.process.name.rstrip("/")

    @property
    def alias(self) -> str:
        return self.process.alias.rstrip("/").rpartition("/")[2]

    @property
    def title(self) -> str:
        """What a row is called: its alias, else its type."""
        return self.alias or self.word.title


@dataclass(frozen=True)
class _Seen:
    process: Process
    changed_ns: int
    state: str
    about: Details
    key: str


class Reading:
    """What was read of one project; a cache that may be thrown away at any time."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._lock = threading.RLock()
        self._signature: tuple[int, int] | None = None
        self._graph = Graph()
        self._by_number: dict[str, str] = {}
        self._outputs: dict[str, list[str]] = {}
        self._seen: dict[str, _Seen] = {}
        self._asked: dict[str, tuple[int, bool]] = {}
        self._filler: threading.Thread | None = None

    def graph(self) -> Graph:
        """The graph, with the states of jobs that have ended brought up to date. It is shared: change nothing in it."""
        with self._lock:
            layout = self.project.layout
            if self._stat() != self._signature:
                self._take(graphs.read(layout.graph))
            if any(ended(layout, process) for process in self._graph.processes.values()):
                self._take(self.project.graph())
            return self._graph

    def _stat(self) -> tuple[int, int] | None:
        with contextlib.suppress(OSError):
            about = self.project.layout.graph.stat()
            return about.st_mtime_ns, about.st_size
        return None

    def _take(self, graph: Graph) -> None:
        self._signature, self._graph = self._stat(), graph
        self._by_number = {f"{number_of(name) or 0:03d}": name for name in graph.processes}
        self._outputs = {}
        for job, node in graph.outputs:
            self._outputs.setdefault(job, []).append(node)

    def name(self, word: str) -> str:
        """The name of a job, "Class2D/job014/", by number, name or alias."""
        graph = self.graph()
        plain = word.strip("/")
        digits = plain.removeprefix("job")
        found = self._by_number.get(f"{int(digits):03d}") if digits.isdecimal() and len(digits) < 12 else None
        if found is None:
            found = next(
                (
                    name
                    for name, job in graph.processes.items()
                    if plain in (name.rstrip("/"), job.alias.rstrip("/"), _last(job.alias))
                ),
                None,
            )
        if found is None or not plain:
            raise Missing(f"the project has no job {word}: it was deleted, or never was")
        return found

    def outputs(self, name: str) -> list[str]:
        """The files that a job has made, by the graph."""
        self.graph()
        return self._outputs.get(name, [])

    def rows(self) -> list[Row]:
        """All jobs in the order of the graph; details of folders not read yet stand empty until the background has them."""
        with self._lock:
            graph = self.graph()
            until = time.monotonic() + AT_ONCE_S
            processes = list(graph.processes.values())
            late = {process.name for process in processes[-NEWEST:]}
            found = []
            for process in reversed(processes):
                found.append(self._row(process, look=process.name in late, may_read=time.monotonic() < until))
            for name in self._seen.keys() - graph.processes.keys():
                del self._seen[name]
        if not all(row.known for row in found):
            self._fill()
        return found[::-1]

    def row(self, name: str) -> Row:
        """One job, looked at now."""
        with self._lock:
            return self._row(self.graph().processes[name], look=True, may_read=True)

    def forget(self, name: str) -> None:
        """Look into a job's folder anew, after an act that changed something there."""
        with self._lock:
            self._seen.pop(name, None)

    def _row(self, process: Process, *, look: bool, may_read: bool) -> Row:
        seen = self._seen.get(process.name)
        folder = JobFolder(self.project.layout.job(process.name))
        lives = process.status in ("Running", "Scheduled")
        if seen and seen.process == process and not lives and (not look or seen.changed_ns == _changed_ns(folder.path)):
            return self._as_row(process, seen)
        if not may_read and not lives:
            return self._as_row(process, None)
        changed_ns = _changed_ns(folder.path)
        state = state_of(process.status, folder)
        if state == "scheduled" and self._needs_you(process, folder):
            state = "needs_you"
        key = ""
        if state == "finished":
            key = key_of(process.label, folder.path, self._outputs.get(process.name, ()), self.project.layout.root)
        about = details(folder, state)
        if state == "failed":
            why = failure(self.project.layout, process.name, died=self.project.has_died(process))
            about = replace(about, sentence=why.sentence, remedy=next(iter(why.remedies), None))
        seen = _Seen(process, changed_ns, state, about, key)
        self._seen[process.name] = seen
        return self._as_row(process, seen)

    def _as_row(self, process: Process, seen: _Seen | None) -> Row:
        word = word_of(process.label)
        number = f"{number_of(process.name) or 0:03d}"
        state = seen.state if seen else _STATES.get(process.status, "scheduled")
        about, key = (seen.about, seen.key) if seen else (Details(), "")
        return Row(process, number, word, command_of(process.label), state, about, key, seen is not None)

    def _needs_you(self, process: Process, folder: JobFolder) -> bool:
        """Whether a scheduled job asks a person, and what it asks about is there."""
        if not any(issubclass(cls, AskJob) for cls in by_label(process.label)):
            return False
        stamp = _changed_ns(folder.job_star)
        before = self._asked.get(process.name)
        inputs = [node for node, user in self._graph.inputs if user == process.name]
        if not all((self.project.layout.root / node).exists() for node in inputs):
            return False
        if before is None or before[0] != stamp:
            try:
                asks = bool(question_of(self.project.loaded(process.name).job))
            except (UserError, OSError):
                asks = False
            self._asked[process.name] = before = (stamp, asks)
        return before[1]

    def _fill(self) -> None:
        """Look into the folders that were left out, in the background, a few at a time."""
        if self._filler is None or not self._filler.is_alive():
            self._filler = threading.Thread(target=self._fill_all, name="reading", daemon=True)
            self._filler.start()

    def _fill_all(self) -> None:
        while True:
            with self._lock:
                left = [process for process in self._graph.processes.values() if process.name not in self._seen]
                until = time.monotonic() + AT_ONCE_S / 3
                while left and time.monotonic() < until:
                    self._row(left.pop(), look=True, may_read=True)
            if not left:
                return
            time.sleep(0.01)


def _last(alias: str) -> str:
    return alias.rstrip("/").rpartition("/")[2]


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


_readings: dict[Path, Reading] = {}
_guard = threading.Lock()


def reading(here: Opened) -> Reading:
    """What is known of the project of a request."""
    with _guard:
        found = _readings.get(here.root)
        if found is None or found.project is not here.project:
            found = _readings[here.root] = Reading(here.project)
        return found


def graph(here: Opened) -> Graph:
    """The graph, cached; change nothing in it."""
    return reading(here).graph()


def job_name(here: Opened, word: str) -> str:
    """The name of a job in the graph, "Class2D/job014/", by number "014", name or alias. Raises Missing."""
    return reading(here).name(word)


def rows(here: Opened) -> list[Row]:
    """All jobs as lists show them, in the order of the graph."""
    return reading(here).rows()


__all__ = ["Reading", "Row", "graph", "job_name", "reading", "rows"]
