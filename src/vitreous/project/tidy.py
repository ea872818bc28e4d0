"""Gentle and harsh cleaning by the table of cleaning_rules.py, a fresh start of a job in its folder, and emptying the Trash."""

import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from vitreous.context import UserError
from vitreous.files import chain
from vitreous.files.space import bytes_in
from vitreous.job import as_star
from vitreous.project import changes
from vitreous.project import graph as graphs
from vitreous.project.cleaning_rules import ITERATION, NO_HARSH_CLEAN, WHOLE, Rule, rule_of
from vitreous.project.graph_model import Graph, Process
from vitreous.project.layout import Layout, folder_of
from vitreous.project.trash import DELETED, GOING, OWN, TRASH, move, place_of, refuse_alive
from vitreous.run.folder import JobFolder
from vitreous.run.record import note_cleared

KEPT_WHEN_CLEARED = ("job.star", "note.txt", NO_HARSH_CLEAN)
NOT_OUTPUT = ("job.star", "default_pipeline.star", "job_pipeline.star", DELETED, "RELION_OUTPUT_NODES.star")
SUFFIX = "coords_suffix"
NAME_IN_FILE = re.compile(r'"([^"]*)"|(\S+)')


@dataclass(frozen=True)
class Plan:
    """What a clean takes from one job: paths inside its folder with their bytes; the files spared because they are needed."""

    name: str
    harsh: bool
    going: tuple[tuple[str, int], ...]
    spared: int = 0

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.going)


@dataclass(frozen=True)
class Trashed:
    """One thing in the Trash: "Class2D/job006/", what it is, its bytes. What a link leads to stays when the Trash is emptied."""

    name: str
    what: str
    bytes: int


def plan(layout: Layout, graph: Graph, name: str, *, harsh: bool) -> Plan:
    """What a gentle or harsh clean takes from a job. Only what succeeded is cleaned; NO_HARSH_CLEAN protects from harsh."""
    process = graph.processes[name]
    if process.status != "Succeeded":
        raise UserError(f"{name} is {process.status.lower()}: only jobs that succeeded are cleaned")
    if harsh and is_protected(layout, name):
        raise UserError(f"{name} is protected from harsh cleaning by the file {layout.job(name) / NO_HARSH_CLEAN}")
    return _plan(layout, process, {node[len(name) :] for node in graph.nodes if node.startswith(name)}, harsh=harsh)


def _plan(layout: Layout, process: Process, nodes: set[str], *, harsh: bool) -> Plan:
    """nodes: the files of the graph in the job's folder."""
    name, folder = process.name, layout.job(process.name)
    rule = rule_of(process.label, harsh=harsh)
    if rule.takes_nothing:
        return Plan(name, harsh, ())
    going = dict(_candidates(folder, rule, nodes))
    needed = going.keys() & (nodes if harsh else nodes | _listed(folder, (name, process.alias), going))
    if not harsh:
        needed |= {path for path in going if path.endswith(_suffixes(nodes))}
    left = {path: size for path, size in going.items() if path not in needed}
    return Plan(name, harsh, tuple(_whole_folders(folder, left)), len(needed))


def plan_all(layout: Layout, graph: Graph, *, harsh: bool) -> tuple[list[Plan], list[str]]:
    """The plans of all jobs from which something goes, and the jobs that NO_HARSH_CLEAN protects."""
    done = [name for name, process in graph.processes.items() if process.status == "Succeeded"]
    protected = [name for name in done if harsh and is_protected(layout, name)]
    nodes: dict[str, set[str]] = {name: set() for name in done}
    for node in graph.nodes:
        name = folder_of(node)
        if name in nodes:
            nodes[name].add(node[len(name) :])
    plans = [_plan(layout, graph.processes[name], nodes[name], harsh=harsh) for name in done if name not in protected]
    return [one for one in plans if one.going], protected


def is_protected(layout: Layout, name: str) -> bool:
    """Whether a job must not be harshly cleaned."""
    return (layout.job(name) / NO_HARSH_CLEAN).exists()


def clean(layout: Layout, plans: Sequence[Plan]) -> None:
    """Move what was planned to the Trash; what has gone since is passed over."""
    with graphs.locked(layout) as graph:
        for one in plans:
            refuse_alive(layout, graph, one.name)
            folder, there = layout.job(one.name), place_of(layout, one.name)
            for path, _ in one.going:
                if os.path.lexists(folder / path):
                    move(folder / path, there / path)
            for parent in {os.path.dirname(path) for path, _ in one.going}:
                _remove_empty(folder / parent, folder)


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and folder.is_dir() and not _holds_anything(folder):
        folder.rmdir()
        folder = folder.parent


def _holds_anything(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return next(entries, None) is not None


def _candidates(folder: Path, rule: Rule, nodes: Collection[str]) -> Iterator[tuple[str, int]]:
    """The files that a rule names, by their path in the job folder, with their bytes."""
    entries = os.scandir(folder) if folder.is_dir() else ()
    on_top = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
    for entry in on_top:
        if entry.is_dir(follow_symlinks=False):
            for path, size in _below(folder, entry.path) if rule.folders or rule.inside else ():
                if rule.folders or any(fnmatch(os.path.basename(path), pattern) for pattern in rule.inside):
                    yield path, size
        elif any(fnmatch(entry.name, pattern) for pattern in rule.top):
            yield entry.name, entry.stat(follow_symlinks=False).st_size
    if rule.iterations:
        sizes = {entry.name: entry.stat(follow_symlinks=False).st_size for entry in on_top if not entry.is_dir()}
        yield from ((name, sizes[name]) for name in _earlier_iterations(folder, sizes, nodes))


def _below(folder: Path, start: str) -> Iterator[tuple[str, int]]:
    """Files under a sub-directory; a link is a file, hidden directories are left alone."""
    for where, folders, names in os.walk(start):
        links = [name for name in folders if os.path.islink(os.path.join(where, name))]
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in [*names, *links]:
            path = os.path.join(where, name)
            yield os.path.relpath(path, folder), os.lstat(path).st_size


def _earlier_iterations(folder: Path, names: Collection[str], nodes: Collection[str]) -> list[str]:
    """The files of all whole iterations but the last, and but those with a file that is in the graph."""
    found: dict[str, tuple[int, int]] = {}
    for name in names:
        match = ITERATION.match(name)
        if match and name == match["root"] + WHOLE:
            found[match["root"]] = int(match["iteration"]), int(match["continued"] or -1)
    latest = chain.latest(folder)
    last = latest.name if latest is not None else max(found, key=lambda root: found[root], default="")
    kept = {last, *(match["root"] for match in map(ITERATION.match, nodes) if match)}
    matches = ((name, ITERATION.match(name)) for name in sorted(names))
    return [name for name, match in matches if match and match["root"] in found and match["root"] not in kept]


def _listed(folder: Path, prefixes: Sequence[str], going: Collection[str]) -> set[str]:
    """Those of the files that a STAR file at the top of the folder, which stays, speaks of."""
    marks = [prefix for prefix in prefixes if prefix]
    found: set[str] = set()
    for path in sorted(folder.glob("*.star")):
        if path.name in NOT_OUTPUT or path.name in going:
            continue
        with path.open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                if any(mark in line for mark in marks):
                    found.update(_named(line, marks))
    return {path for path in going if path in found}


def _named(line: str, marks: Sequence[str]) -> Iterator[str]:
    """Paths in a job folder that a line of a STAR file holds: 3@stack.mrcs and spectrum.ctf:mrc name the file in them."""
    for quoted, plain in NAME_IN_FILE.findall(line):
        path = (quoted or plain).rpartition("@")[2]
        inside = next((path[len(mark) :] for mark in marks if path.startswith(mark)), "")
        if inside:
            yield inside
            yield inside.rpartition(":")[0]


def _suffixes(nodes: Collection[str]) -> tuple[str, ...]:
    """How coordinate files end that a node of 3.1's kind stands for: coords_suffix_pick.star is all *_pick.star."""
    return tuple(node[len(SUFFIX) :] for node in nodes if node.startswith(SUFFIX))


def _whole_folders(folder: Path, going: dict[str, int]) -> list[tuple[str, int]]:
    """The same with top sub-directories that go as a whole as one path each."""
    by_top: dict[str, dict[str, int]] = {}
    for path, size in going.items():
        by_top.setdefault(path.partition("/")[0], {})[path] = size
    found: list[tuple[str, int]] = []
    for top, inside in sorted(by_top.items()):
        whole = (folder / top).is_dir() and len(inside) == sum(
            len(names) + sum(os.path.islink(os.path.join(where, name)) for name in folders)
            for where, folders, names in os.walk(folder / top)
        )
        found += [(top, sum(inside.values()))] if whole else sorted(inside.items())
    return found


def start_afresh(layout: Layout, name: str, changed: Mapping[str, str] | None = None) -> None:
    """Make a job as it was when it was scheduled, with other options if wanted; what it has made goes to the Trash."""
    job_star = layout.job(name) / "job.star"
    now = as_star.load(changes.options_file(layout, name), changed)
    with graphs.locked(layout) as graph:
        refuse_alive(layout, graph, name)
        for path in in_the_way(layout, name):
            move(path, place_of(layout, name) / path.name)
        as_star.write(job_star, now.job, now.placement, seed=now.seed)
        note_cleared(JobFolder(layout.job(name)))
        graph.set_status(name, "Scheduled")


def in_the_way(layout: Layout, name: str) -> list[Path]:
    """What a fresh start of a job moves away: everything but its options and notes."""
    folder = layout.job(name)
    return [path for path in sorted(folder.iterdir()) if path.name not in KEPT_WHEN_CLEARED] if folder.is_dir() else []


def content(layout: Layout) -> list[Trashed]:
    """What lies in the Trash, by job; things that are no job's by their own name."""
    top = layout.root / TRASH
    found = []
    for upper in sorted(top.iterdir()) if top.is_dir() else ():
        inside = sorted(upper.iterdir()) if upper.is_dir() and not upper.is_symlink() and upper.name != GOING else [upper]
        for path in inside:
            name = str(path.relative_to(top)) + ("/" if path.is_dir() else "")
            found.append(Trashed(name, _what(path), bytes_in(path)))
    return found


def _what(path: Path) -> str:
    deleted = (path / DELETED).is_file() or ((path / OWN).is_file() and (path / "job.star").is_file())
    if path.is_symlink():
        return f"{'deleted job, ' if deleted else ''}a link to {os.readlink(path)}"
    return "deleted job" if deleted else "left to be removed" if path.name == GOING else "files of a job"


def empty(layout: Layout, things: Sequence[Trashed]) -> None:
    """Remove things from the Trash for good. Each leaves its place in one step before it is taken apart."""
    going = layout.root / TRASH / GOING
    with graphs.locked(layout):
        for number, thing in enumerate(things):
            path = place_of(layout, thing.name)
            if os.path.lexists(path) and path != going:
                going.mkdir(exist_ok=True)
                path.rename(going / f"{os.getpid()}-{number}")
            if path.parent.name != TRASH and path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
    if going.is_dir():
        shutil.rmtree(going)
