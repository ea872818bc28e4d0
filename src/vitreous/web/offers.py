"""The outputs of a project that fit a slot, newest first, with what a glance tells of each; remembered by the file's time."""

import functools
import itertools
import stat
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.files import chain, glance, mrc
from vitreous.nodes import KINDS, kind
from vitreous.project.graph_model import Graph, Process
from vitreous.project.layout import number_of
from vitreous.web.opened import Opened

MOST = 200
GLANCED = 40  # offers that are looked into; older ones are only named
MAPS = ("map", "mask", "halfmap", "finalmap", "localres")
COUNTED = {"movies": "movies", "micrographs": "micrographs", "particles": "particles", "coordinates": "coordinate_files"}


class Offer(BaseModel):
    """One output that a slot may take. ready: it is on disk; else its job has still to make it."""

    path: str
    job: str
    name: str
    alias: str
    kind: str
    ready: bool
    count: int | None = None
    unit: str = ""
    box: int | None = None
    pixel_size_A: float | None = None
    bytes: int | None = None
    when: float = 0


class Glanced(BaseModel):
    """What a look at the head of a file tells."""

    count: int | None = None
    box: int | None = None
    pixel_size_A: float | None = None


def fits(label: str, word: str) -> bool:
    """Whether an output with this label may stand in a slot of this kind: the kind or a variety of it."""
    wanted = kind(word)
    said = _word_of(label)
    if wanted.word == "map":
        return said in ("map", "halfmap", "finalmap")
    if wanted.word == "optimiser":
        return said == "optimiser"
    return said == wanted.word


def _word_of(label: str) -> str:
    """The kind with the longest label that a node's label begins with."""
    fitting = [one for one in KINDS.values() if f"{label}.".startswith(f"{one.label}.")]
    return max(fitting, key=lambda one: len(one.label)).word if fitting else ""


def each_offer(here: Opened, graph: Graph, word: str, asked: str = "") -> Iterator[Offer]:
    """The outputs that fit a slot, newest first: jobs from the last, of one job the last iteration first."""
    seen = 0
    for process, name, label in _fitting(graph, word):
        if not _holds(process, name, asked):
            continue
        path = here.root / name
        there = path.exists()
        if not there and process.status in ("Succeeded", "Failed", "Aborted"):
            continue
        seen += 1
        yield _offer(path, process, name, _word_of(label), there=there, look=seen <= GLANCED)


def offers(here: Opened, graph: Graph, word: str, asked: str = "", *, most: int = MOST) -> list[Offer]:
    """The newest outputs that fit a slot."""
    return list(itertools.islice(each_offer(here, graph, word, asked), most))


def count(graph: Graph, word: str, asked: str = "") -> int:
    """How many outputs of a kind the graph knows, whether or not they are still on disk."""
    return sum(1 for process, name, _ in _fitting(graph, word) if _holds(process, name, asked))


def _holds(process: Process, name: str, asked: str) -> bool:
    said = f"{name} {process.alias} {process.name}".lower()
    return all(part in said for part in asked.lower().split())


def _fitting(graph: Graph, word: str) -> Iterator[tuple[Process, str, str]]:
    """Jobs from the newest, each with its outputs of the kind: of several iterations the last first."""
    fitting = {label for label in {node.label for node in graph.nodes.values()} if fits(label, word)}
    made: dict[str, list[str]] = {}
    for maker, node in graph.outputs:
        if node in graph.nodes and graph.nodes[node].label in fitting:
            made.setdefault(maker, []).append(node)
    for job in sorted(made, key=lambda name: -(number_of(name) or 0)):
        if job in graph.processes:
            ordered = (
                made[job]
                if len(made[job]) == 1
                else sorted(made[job], key=lambda node: (*(-number for number in chain.order_of(node)), node))
            )
            for node in ordered:
                yield graph.processes[job], node, graph.nodes[node].label


def _offer(path: Path, process: Process, name: str, word: str, *, there: bool, look: bool) -> Offer:
    about = path.stat() if there else None
    seen = glanced(path, word) if there and look else Glanced()
    return Offer(
        path=name,
        job=f"{number_of(process.name) or 0:03d}",
        name=process.name.rstrip("/"),
        alias=process.alias.rstrip("/").rpartition("/")[2],
        kind=word,
        ready=there,
        unit=COUNTED.get(word, "").replace("coordinate_files", "micrographs") if seen.count is not None else "",
        bytes=about.st_size if about else None,
        when=about.st_mtime if about else 0,
        **seen.model_dump(),
    )


def glanced(path: Path, word: str) -> Glanced:
    """What the head of a file tells; nothing where it cannot be read."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            return Glanced()  # a device or a pipe would be read without end
        return _glanced(str(path), word, about.st_mtime_ns, about.st_size, str(Path.cwd()))
    except (UserError, OSError, ValueError):
        return Glanced()


@functools.lru_cache(maxsize=4096)
def _glanced(path: str, word: str, time_ns: int, size: int, where: str) -> Glanced:
    if word in MAPS:
        header = mrc.read_header(path)
        return Glanced(box=header.shape[2], pixel_size_A=_rounded(header.pixel_size_A))
    if word not in COUNTED:
        return Glanced()
    table = glance.table(path, COUNTED[word])
    optics = glance.table(path, "optics").first
    size_A = (
        optics.get("rlnImagePixelSize") or optics.get("rlnMicrographPixelSize") or optics.get("rlnMicrographOriginalPixelSize")
    )
    box = optics.get("rlnImageSize")
    return Glanced(
        count=table.rows, box=int(float(box)) if box else None, pixel_size_A=_rounded(float(size_A)) if size_A else None
    )


def _rounded(size_A: float) -> float | None:
    return round(size_A, 4) if size_A and size_A > 0 else None
