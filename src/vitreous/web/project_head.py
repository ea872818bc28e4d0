"""The head of a project: its title, kept in a file of ours, and what its first import tells of microscope and movies."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import atomic, glance
from vitreous.project.graph_model import Graph
from vitreous.project.layout import Layout
from vitreous.project.lock import check_writable
from vitreous.project.notes import path_of
from vitreous.web.problems import Conflict

LONGEST_TITLE = 120


def title_file(layout: Layout) -> Path:
    """Where a title stands that people have given; the name of the directory serves without one."""
    return layout.root / ".vitreous" / "title.txt"


def title(layout: Layout, name: str) -> str:
    """What the project is called."""
    try:
        return title_file(layout).read_text(encoding="utf-8", errors="replace").strip()[:LONGEST_TITLE] or name
    except OSError:
        return name


def set_title(layout: Layout, text: str) -> None:
    """Give the project a title; an empty one takes it away."""
    check_writable(layout)
    title_file(layout).parent.mkdir(exist_ok=True)
    atomic.write_text(title_file(layout), " ".join(text.split())[:LONGEST_TITLE] + "\n")


def set_note(layout: Layout, text: str, before: str) -> None:
    """Replace the project's note, which was `before` when the writer saw it. Raises Conflict when it is another by now."""
    check_writable(layout)
    path = path_of(layout)
    now = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    if now != before:
        raise Conflict("the project's note was changed elsewhere meanwhile; copy what you wrote, and read it again")
    atomic.write_text(path, text if not text or text.endswith("\n") else f"{text}\n")


def facts(layout: Layout, graph: Graph) -> list[str]:
    """Voltage, pixel size and the number of movies, as the first import tells; short phrases for the head of the page."""
    for job, node in graph.outputs:
        if graph.processes.get(job) and graph.processes[job].label.startswith("relion.import"):
            path = layout.root / node
            try:
                about = path.stat()
            except OSError:
                continue
            found = _facts(path, about.st_mtime_ns, about.st_size)
            if found:
                return list(found)
    return []


@lru_cache(maxsize=32)
def _facts(path: Path, time_ns: int, size: int) -> tuple[str, ...]:
    kind = "movies" if path.name == "movies.star" else "micrographs"
    if path.suffix != ".star":
        return ()
    try:
        optics, table = glance.table(path, "optics").first, glance.table(path, kind)
    except (UserError, OSError):
        return ()
    said = []
    if voltage := _number(optics.get("rlnVoltage") or table.first.get("rlnVoltage")):
        said.append(f"{voltage:g} kV")
    pixel = next(
        (optics[label] for label in ("rlnMicrographOriginalPixelSize", "rlnMicrographPixelSize") if label in optics), None
    )
    if size_A := _number(pixel):
        said.append(f"{size_A:.4g} Å/px")
    if table.rows and said:
        said.append(f"{table.rows:,} {kind}")
    return tuple(said)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
