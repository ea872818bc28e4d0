"""The history of a job as a picture, before it is drawn: where the boxes of the jobs stand, the files between them, the lines."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from vitreous.context import UserError
from vitreous.project.graph_model import Graph, Process
from vitreous.project.layers import Key, Placed, place

BOX_HEIGHT, FILE_HEIGHT, LAYER_GAP, GAP, MARGIN = 54.0, 20.0, 20.0, 22.0, 16.0
TITLE, SMALL = 13.0, 11.0
NARROW, WIDE = set("ijltfr.,:;/|'()[] "), set("mwMW@%")
MOST_JOBS = 600


Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Box:
    """A job: its left upper corner and size in points of the picture, three lines of text, its state."""

    x: float
    y: float
    width: float
    name: str
    title: str
    below: str
    status: str
    chosen: bool


@dataclass(frozen=True)
class File:
    """A file between jobs: the middle of its name, and whether it came from outside of the project's jobs."""

    x: float
    y: float
    width: float
    text: str
    outside: bool


@dataclass(frozen=True)
class Chart:
    """A picture: its size, its boxes, file names, and lines as the points that they pass; True at lines that end in a job."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    files: tuple[File, ...]
    lines: tuple[tuple[Points, bool], ...]


def chart(
    graph: Graph, name: str = "", *, down: bool = False, title_of: Callable[[Process], str], status_of: Callable[[Process], str]
) -> Chart:
    """The picture of a job's history; down: of the jobs that go back to it; without a name: of the whole project."""
    wanted = set(graph.processes)
    if name:
        wanted = {name, *(graph.descendants(name) if down else graph.ancestors(name))}
    if len(wanted) > MOST_JOBS:
        raise UserError(
            f"{len(wanted)} jobs are too many for one picture ({MOST_JOBS} at most): name a later job, or use history"
        )
    edges, outside = _edges(graph, wanted, name if down else "")
    jobs = {job: _text_of(known, title_of(known), status_of(known)) for job, known in graph.processes.items() if job in wanted}
    files = {f"file {node}": _short(node) for node in dict.fromkeys(part for edge in edges for part in edge) if node not in jobs}
    widths = {job: 28 + max(wide(line, size) for line, size in zip(lines, (TITLE, SMALL, SMALL))) for job, lines in jobs.items()}
    widths |= {key: 16 + wide(text, SMALL) for key, text in files.items()}
    keyed = [(start if start in jobs else f"file {start}", end if end in jobs else f"file {end}") for start, end in edges]
    placed = place(widths, keyed, gap=GAP, even=jobs)
    tops, height = _tops(placed, jobs)
    boxes = tuple(
        Box(placed.x[job] - widths[job] / 2 + MARGIN, tops[placed.layer[job]], widths[job], *lines, job == name)
        for job, lines in ((job, (*lines, status_of(graph.processes[job]))) for job, lines in jobs.items())
    )
    named = tuple(
        File(placed.x[key] + MARGIN, tops[placed.layer[key]] + FILE_HEIGHT / 2, widths[key], text, key[5:] in outside)
        for key, text in files.items()
    )
    lines = tuple((_points(way, placed, tops, jobs), way[-1] in jobs) for way in placed.ways.values())
    right = max((placed.x[key] + widths[key] / 2 for key in widths), default=0.0)
    return Chart(right + 2 * MARGIN, height, boxes, named, lines)


def _edges(graph: Graph, wanted: set[str], start: str) -> tuple[list[tuple[str, str]], set[str]]:
    """Job to file and file to job, for the files between wanted jobs; and the files that came from outside."""
    used = [(node, job) for node, job in graph.inputs if job in wanted and job != start]
    taken = {node for node, _ in used}
    made = [(job, node) for job, node in graph.outputs if node in taken and job in wanted]
    known = {node for _, node in made}
    elsewhere = {node for _, node in graph.outputs} - known
    return [*made, *(edge for edge in used if edge[0] not in elsewhere)], taken - known - elsewhere


def _text_of(process: Process, title: str, status: str) -> tuple[str, str, str]:
    alias = process.alias.rstrip("/").rpartition("/")[2]
    return process.name.rstrip("/"), title, f"{alias} ({status.lower()})" if alias else status.lower()


def _short(node: str) -> str:
    """The name of a file without its job's folder, and never very long."""
    parts = node.split("/")
    text = "/".join(parts[2:]) if len(parts) > 2 and parts[1].startswith("job") else node
    return text if len(text) <= 44 else f"...{text[-41:]}"


def wide(text: str, size: float) -> float:
    """About how wide a text is in a sans serif type of this size."""
    units = (0.3 if c in NARROW else 0.88 if c in WIDE else 0.66 if c.isupper() else 0.56 for c in text)
    return size * sum(units)


def _tops(placed: Placed, jobs: Collection[Key]) -> tuple[dict[int, float], float]:
    """The upper edge of each layer, and the height of the whole."""
    high: dict[int, float] = {}
    for key, layer in placed.layer.items():
        high[layer] = max(high.get(layer, 0.0), BOX_HEIGHT if key in jobs else FILE_HEIGHT)
    tops, at = {}, MARGIN
    for layer in sorted(high):
        tops[layer] = at
        at += high[layer] + LAYER_GAP
    return tops, at - LAYER_GAP + MARGIN


def _points(way: Iterable[Key], placed: Placed, tops: Mapping[int, float], jobs: Collection[Key]) -> Points:
    """Where a line passes: from the lower edge of one thing to the upper edge of another; layers between straight through."""
    keys = list(way)
    found: list[tuple[float, float]] = []
    for number, key in enumerate(keys):
        layer, x = placed.layer[key], placed.x[key] + MARGIN
        bottom = tops.get(layer + 1, tops[layer]) - LAYER_GAP
        if number == 0:
            found.append((x, tops[layer] + (BOX_HEIGHT if key in jobs else FILE_HEIGHT)))
        elif number == len(keys) - 1:
            found.append((x, tops[layer]))
        else:
            found += [(x, tops[layer]), (x, bottom)]
    return tuple(found)
