"""What the palette cannot know by itself: outputs of jobs, words in notes, files below a path; the best first."""

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.project import notes
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.reading import graph, rows

router = APIRouter(tags=["search"])

MOST = 40
NOTES_OF_NEWEST = 400
_LONGEST_NOTE = 200_000


class Hit(BaseModel):
    """One thing found. kind: output, note, file or folder; route: its page, after the project's address."""

    kind: str
    title: str
    where: str
    route: str


@router.get("/search")
def search(here: ProjectHere, q: str = Query(max_length=200)) -> list[Hit]:
    """Outputs, notes and files that hold all words; a word with a slash is a path."""
    words = q.lower().split()
    if not words:
        return []
    found: list[Hit] = []
    for hits in (_files(here, q.strip()), _outputs(here, words), _notes(here, words)):
        for hit in hits:
            found.append(hit)
            if len(found) >= MOST:
                return found
    return found


def _view(path: str) -> str:
    return f"view?{urlencode({'path': path})}"


def _files(here: Opened, text: str) -> Iterator[Hit]:
    """What stands in the folder of a path, by its beginning."""
    folder, slash, start = text.rpartition("/")
    if not slash:
        return
    try:
        where = here.inside(folder or ".")
    except UserError:
        return
    if not where.is_dir():
        return
    with os.scandir(where) as entries:
        fitting = [entry for entry in entries if entry.name.startswith(start) and not entry.name.startswith(".")]
    for entry in sorted(fitting, key=lambda entry: entry.name)[: MOST // 2]:
        path = f"{folder}/{entry.name}" if folder else entry.name
        yield Hit(kind="folder" if entry.is_dir() else "file", title=entry.name, where=folder, route=_view(path))


def _outputs(here: Opened, words: list[str]) -> Iterator[Hit]:
    """Files of the graph, those of the newest jobs first."""
    whole = graph(here)
    titles = {row.process.name: f"{row.title} {row.number}" for row in rows(here)}
    for job, node in reversed(whole.outputs):
        about = whole.nodes.get(node)
        text = f"{node} {titles.get(job, '')} {about.label if about else ''}".lower()
        if all(word in text for word in words):
            yield Hit(kind="output", title=node.rpartition("/")[2], where=titles.get(job, job), route=_view(node))


def _notes(here: Opened, words: list[str]) -> Iterator[Hit]:
    """Lines of notes, of the project and of the newest jobs."""
    layout = here.project.layout
    line = _line_with(notes.path_of(layout), words)
    if line:
        yield Hit(kind="note", title=line, where="the project", route="?edit=note")
    for row in reversed(rows(here)[-NOTES_OF_NEWEST:]):
        line = _line_with(notes.path_of(layout, row.process.name), words)
        if line:
            yield Hit(kind="note", title=line, where=f"{row.title} {row.number}", route=f"job/{row.number}")


def _line_with(path: Path, words: list[str]) -> str:
    try:
        about = path.stat()
    except OSError:
        return ""
    if about.st_size > _LONGEST_NOTE:
        return ""
    text = _text(path, about.st_mtime_ns, about.st_size)
    for line in text.splitlines():
        low = line.lower()
        if not low.startswith(" ++++") and all(word in low for word in words):
            return line.strip()[:120]
    return ""


@lru_cache(maxsize=2 * NOTES_OF_NEWEST)
def _text(path: Path, time_ns: int, size: int) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
