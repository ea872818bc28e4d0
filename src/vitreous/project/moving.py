"""A project that moves: the paths that lead out of it, whether they can be reached, and another beginning put before them."""

import os
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.files.path_text import Prefix, outward
from vitreous.job.options import build, values
from vitreous.project import graph as graphs
from vitreous.project.graph_model import Graph, Node
from vitreous.project.layout import GRAPH, JOB_NAME, Layout
from vitreous.project.lock import check_writable
from vitreous.project.reidentify import Rewritten, rematch
from vitreous.project.state import is_alive, marker
from vitreous.run.folder import JobFolder
from vitreous.tables.places import below_job

BACKUPS = ".vitreous_repointed"
PLACES = (BACKUPS, ".Nodes", ".relion_lock", ".vitreous")  # folders whose text names nothing that is read again as a path
OTHER = "the project itself"


@dataclass(frozen=True)
class Outside:
    """A path that leads out of the project, as it is written; whether it can be reached, and what names it."""

    path: str
    reachable: bool
    jobs: tuple[str, ...]


@dataclass(frozen=True)
class Ways:
    """All ways out of a project: paths in its files, symbolic links (name and target), and old places of the project itself."""

    outside: list[Outside]
    links: list[tuple[str, str, bool]]
    old_places: dict[str, int]


def text_files(layout: Layout) -> Iterator[Path]:
    """The STAR files, run.job and forms of a project, those in the Trash too, in order; links are not followed."""
    for folder, folders, files in os.walk(layout.root):
        ours = JobFolder(Path(folder)).hidden / "job.star"  # of a job that another program's External job started
        if ".vitreous" in folders and ours.is_file():
            yield ours
        folders[:] = sorted(name for name in folders if name not in PLACES)
        for name in sorted(files):
            if name.endswith((".star", ".job")) and os.path.isfile(os.path.join(folder, name)):
                yield Path(folder) / name


def links(layout: Layout) -> Iterator[tuple[Path, str]]:
    """The symbolic links in a project that lead out of it, with their targets."""
    root = layout.root.resolve()
    for folder, folders, files in os.walk(layout.root):
        folders[:] = [name for name in folders if name not in PLACES]
        for name in (*folders, *files):
            path = Path(folder) / name
            if path.is_symlink():
                target = os.readlink(path)
                whole = Path(os.path.normpath(path.parent.resolve() / target))
                if Path(target).is_absolute() or not whole.is_relative_to(root):
                    yield path, target


def ways_out(layout: Layout) -> Ways:
    """Look through all files of a project for the ways out of it."""
    root = layout.root.resolve()
    graph = graphs.read(layout.graph)
    named: dict[str, set[str]] = defaultdict(set)
    for file in text_files(layout):
        owner = owner_of(str(file.relative_to(layout.root)))
        for path in outward(file.read_bytes()):
            named[path].add(owner)
    for node, process in graph.inputs:
        if node in named:
            named[node].add(process.rstrip("/"))
    there = _Reach(root)
    jobs = frozenset(graph.processes)
    outside: list[Outside] = []
    old: dict[str, int] = defaultdict(int)
    for path, owners in sorted(named.items()):
        place = _old_place(path, root, jobs)
        if place:
            old[place] += 1
        elif not _comes_back(path, root):
            who = tuple(sorted(owners - {OTHER})) or (OTHER,)
            outside.append(Outside(path, there.reachable(path), who))
    found = [(str(path.relative_to(layout.root)), target, path.exists()) for path, target in links(layout)]
    return Ways(outside, sorted(found), dict(old))


def owner_of(path: str) -> str:
    """The job to which a file of the project belongs, by its path from the project."""
    parts = path.removeprefix("Trash/").split("/")
    name = "/".join(parts[:2])
    return name if len(parts) > 2 and JOB_NAME.match(name) else OTHER


def _comes_back(path: str, root: Path) -> bool:
    """Whether a path such as ../project/x leads into the project again; it does so only as long as the project's name stays."""
    return not path.startswith("/") and Path(os.path.normpath(root / path)).is_relative_to(root)


def _old_place(path: str, root: Path, jobs: frozenset[str]) -> str:
    """Where the project was when an absolute path into it was written; empty for a path of another sort."""
    if not path.startswith("/"):
        return ""
    if f"{path}/".startswith(f"{root}/"):
        return str(root)
    parts = path.split("/")
    for at in range(1, len(parts) - 1):
        if "/".join((*parts[at : at + 2], "")) in jobs and (root / "/".join(parts[at:])).exists():
            before = "/".join(parts[:at])
            return "" if os.path.exists(os.path.join(before, GRAPH)) else before
    return ""


class _Reach:
    """Whether paths can be reached, folder by folder, which is quicker than one by one."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: dict[str, frozenset[str]] = {}

    def reachable(self, path: str) -> bool:
        whole = os.path.join(self._root, path)
        if set("*?[") & set(os.path.basename(path)):
            return os.path.isdir(os.path.dirname(whole))
        folder, name = os.path.split(whole.rpartition(":")[0] if whole.endswith((":mrc", ":mrcs")) else whole.rstrip("/"))
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._names[folder] = frozenset()
        return name in self._names[folder] and (name not in self._links(folder) or os.path.exists(whole))

    def _links(self, folder: str) -> frozenset[str]:
        key = f"links\0{folder}"
        if key not in self._names:
            with os.scandir(folder) as entries:
                self._names[key] = frozenset(entry.name for entry in entries if entry.is_symlink())
        return self._names[key]


@dataclass(frozen=True)
class Repointed:
    """What was (or would be) changed: paths in each file, links, jobs whose records were matched anew with their number."""

    files: Mapping[str, int]
    links: tuple[str, ...]
    records: Mapping[str, int]
    backup: str = ""


def prefix_of(layout: Layout, old: str, new: str) -> Prefix:
    """The change that a user asks for. A new beginning inside the project becomes a relative one."""
    root = layout.root.resolve()
    before = old.rstrip("/")
    if not before or before in (".", ".."):
        raise UserError(
            f"{old!r} cannot be the beginning that is to be changed: give one as vitreous project external-paths lists it"
        )
    after = Path(os.path.normpath(root / new))
    if any(blank in new for blank in " \t\n"):
        raise UserError(f"{new!r} has a blank in it, which RELION cannot read in tables: make a symbolic link without one to it")
    if not after.exists():
        raise UserError(f"there is nothing at {after}: paths that begin with {before} would lead nowhere")
    if after.is_relative_to(root):
        inside = str(after.relative_to(root))
        return Prefix(before, "" if inside == "." else inside)
    return Prefix(before, str(after) if Path(new).is_absolute() else os.path.normpath(new))


def repoint(layout: Layout, old: str, new: str, *, dry_run: bool = False) -> Repointed:
    """Let every path in the project's files that begins with `old` begin with `new`, and nothing else change.

    Files are replaced whole, those before are kept under .vitreous_repointed/. Records of finished units are matched anew,
    so that continuing a job does not do its work again. Told in numbers only with dry_run.
    """
    if not dry_run:
        check_writable(layout)
    prefix = prefix_of(layout, old, new)
    _refuse_running(layout)
    rewritten = {
        str(file.relative_to(layout.root)): changed
        for file in text_files(layout)
        if (changed := Rewritten.of(file, prefix)) is not None
    }
    turned = [(path, prefix.path(target)) for path, target in links(layout) if prefix.path(target) != target]
    names = tuple(str(path.relative_to(layout.root)) for path, _ in turned)
    counts = {name: changed.count for name, changed in rewritten.items()}
    if dry_run:
        return Repointed(counts, names, rematch(layout, prefix, rewritten, dry_run=True))
    backup = _new_backup(layout)
    records = rematch(layout, prefix, rewritten, backup=backup)
    with graphs.locked(layout) as graph:
        _keep(layout, GRAPH, backup)
        _turn_graph(graph, prefix)
    for name in rewritten:
        if name != GRAPH:
            _rewrite(layout, name, prefix, backup)
    _link_folders(layout, prefix)
    for path, target in turned:
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        os.symlink(target, aside)
        aside.replace(path)
    return Repointed(counts, names, records, str(backup))


def with_inner_paths(layout: Layout, job: Any) -> Any:
    """The job with absolute paths into the project made relative, so that they hold wherever the project is moved."""
    given = values(job)
    for root in {str(layout.root.absolute()), str(layout.root.resolve())}:
        given = {name: Prefix(root, "").values(value) for name, value in given.items()}
    return job if given == values(job) else build(type(job), given)


def _refuse_running(layout: Layout) -> None:
    for name, process in graphs.read(layout.graph).processes.items():
        folder = JobFolder(layout.job(name))
        if process.status == "Running" and folder.path.is_dir() and not marker(folder) and is_alive(folder):
            raise UserError(f"{name} is running: wait for it or abort it (vitreous project abort {name}), then try again")


def _turn_graph(graph: Graph, prefix: Prefix) -> None:
    """Give the nodes of a graph their new names; the names of jobs lie inside the project and stay."""
    named = {name: prefix.path(name) for name in graph.nodes}
    if all(name == now for name, now in named.items()):
        return
    nodes: dict[str, Node] = {}
    for name, node in graph.nodes.items():
        nodes.setdefault(named[name], replace(node, name=named[name]))
    graph.nodes = nodes
    graph.inputs = list(dict.fromkeys((named.get(node, node), job) for node, job in graph.inputs))
    graph.outputs = list(dict.fromkeys((job, named.get(node, node)) for job, node in graph.outputs))


def _link_folders(layout: Layout, prefix: Prefix) -> None:
    """Let results that are named after the place of their input be found under its new place too.

    Job002 keeps what it made of /data/movies/ in MotionCorr/job002/data/movies/; picks and the like are looked for there.
    """
    old, new = (below_job(f"{text}/x").rpartition("/")[0] for text in (prefix.old, prefix.new))
    if not (old and new):
        return
    for name in graphs.read(layout.graph).processes:
        there, wanted = layout.job(name) / old, layout.job(name) / new
        if there.is_dir() and not os.path.lexists(wanted) and not f"{wanted}/".startswith(f"{there}/"):
            wanted.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(os.path.relpath(there, wanted.parent), wanted)


def _new_backup(layout: Layout) -> Path:
    """A folder of its own for the files as they were."""
    named = layout.root / BACKUPS / time.strftime("%Y%m%d-%H%M%S")
    tries = (named, *(named.with_name(f"{named.name}-{number}") for number in range(2, 1000)))
    folder = next(folder for folder in tries if not folder.exists())
    folder.mkdir(parents=True)
    return folder


def _keep(layout: Layout, name: str, backup: Path) -> None:
    """Keep a file as it was: a second name for it costs no space, where the disk can do that."""
    kept = backup / name
    kept.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(layout.root / name, kept)
    except OSError:
        shutil.copy2(layout.root / name, kept)


def _rewrite(layout: Layout, name: str, prefix: Prefix, backup: Path) -> None:
    """Replace one file in one step; its time and rights stay, for its meaning does."""
    path = layout.root / name
    about = path.stat()
    contents, _ = prefix.contents(path.read_bytes())
    _keep(layout, name, backup)
    atomic.write_bytes(path, contents)
    path.chmod(about.st_mode & 0o7777)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
