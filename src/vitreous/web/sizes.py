"""Sizes of jobs and of the Trash, counted in the background, never while a page waits; kept with their date until asked anew."""

import json
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.files.space import bytes_in
from vitreous.project import tidy
from vitreous.project.current import current, may_write
from vitreous.project.graph import Graph
from vitreous.project.layout import Layout
from vitreous.web.opened import Opened

FRESH_S = 300.0
LEAST_S = 5.0


@dataclass(frozen=True)
class JobSize:
    """Bytes of one job's folder, and what a gentle and a harsh clean would free of them."""

    bytes: int
    gentle: int = 0
    harsh: int = 0
    protected: bool = False


@dataclass
class Counted:
    """A count of a project: by job "Class2D/job014/", of the Trash, and when it was made; 0: never."""

    jobs: dict[str, JobSize] = field(default_factory=dict)
    trash: int = 0
    when_s: float = 0.0
    took_s: float = 0.0
    counting: bool = False
    done: int = 0
    total: int = 0
    fault: str = ""


_counts: dict[Path, Counted] = {}
_lock = threading.Lock()


def counted(here: Opened, *, anew: bool = False) -> Counted:
    """What is known; a count that is old, or asked for anew, begins in the background."""
    root = here.root
    with _lock:
        found = _counts.get(root)
        if found is None:
            found = _counts[root] = _kept(here.project.layout)
        age_s = time.time() - found.when_s
        if not found.counting and (age_s > FRESH_S or (anew and age_s > LEAST_S) or not found.when_s):
            found.counting = True
            layout = Layout(root, here.project.layout.readonly)
            threading.Thread(target=_count, args=(layout, found), name="sizes", daemon=True).start()
        return found


def known(here: Opened, name: str) -> JobSize | None:
    """The size of one job as last counted; None before the first count."""
    return counted(here).jobs.get(name)


def recount(here: Opened, *names: str) -> None:
    """Count some jobs and the Trash again, after an act that moved their files."""
    with _lock:
        found = _counts.get(here.root)
    if found is None:
        return
    layout = here.project.layout
    graph = here.project.graph()
    for name in names:
        if name in graph.processes:
            found.jobs[name] = _size(layout, graph, name)
        else:
            found.jobs.pop(name, None)
    found.trash = bytes_in(layout.root / "Trash")


def _count(layout: Layout, found: Counted) -> None:
    began = time.time()
    try:
        graph = current(layout)
        found.done, found.total = 0, len(graph.processes)
        sizes: dict[str, JobSize] = {}
        for name in list(graph.processes):
            sizes[name] = found.jobs[name] = _size(layout, graph, name)
            found.done += 1
        found.jobs = sizes
        found.trash = bytes_in(layout.root / "Trash")
        found.fault = ""
    except (UserError, OSError) as error:
        found.fault = str(error)
    found.when_s, found.took_s, found.counting = time.time(), time.time() - began, False
    _keep(layout, found)


def _size(layout: Layout, graph: Graph, name: str) -> JobSize:
    folder = Path(os.path.realpath(layout.job(name)))
    amount = {}
    for harsh in (False, True):
        amount[harsh] = 0
        with suppress(UserError, OSError):
            amount[harsh] = tidy.plan(layout, graph, name, harsh=harsh).bytes
    return JobSize(bytes_in(folder) if folder.is_dir() else 0, amount[False], amount[True], tidy.is_protected(layout, name))


def _file(layout: Layout) -> Path:
    return layout.kept_graph.parent / "window-sizes.json"


def _keep(layout: Layout, found: Counted) -> None:
    """Leave the count for the next server; it may be thrown away."""
    if not may_write(layout) or found.fault:
        return
    jobs = {name: [size.bytes, size.gentle, size.harsh, size.protected] for name, size in found.jobs.items()}
    with suppress(UserError, OSError):
        atomic.write_text(_file(layout), json.dumps({"when": found.when_s, "trash": found.trash, "jobs": jobs}))


def _kept(layout: Layout) -> Counted:
    with suppress(OSError, ValueError, TypeError, KeyError):
        said = json.loads(_file(layout).read_text())
        jobs = {name: JobSize(*size) for name, size in said["jobs"].items()}
        return Counted(jobs=jobs, trash=int(said["trash"]), when_s=float(said["when"]))
    return Counted()
