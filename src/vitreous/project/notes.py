"""What people write: note.txt in each job folder, where each run adds its command, and one note of the whole project."""

import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from vitreous.context import UserError
from vitreous.project.graph_model import Graph
from vitreous.project.layout import Layout
from vitreous.project.lock import check_writable
from vitreous.run.record import append_text

PROJECT_NOTE = "project_note.txt"
NOTE = "note.txt"


def path_of(layout: Layout, name: str = "") -> Path:
    """The file of a job's note, or without a name that of the project."""
    return layout.job(name) / NOTE if name else layout.root / PROJECT_NOTE


def read(layout: Layout, name: str = "") -> str:
    """A note as it stands; empty when nothing was written."""
    path = path_of(layout, name)
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def add(layout: Layout, text: str, name: str = "") -> None:
    """Add lines to a note, under the time of day."""
    path = _to_write(layout, name)
    if not path.parent.is_dir():
        raise UserError(f"{path.parent} is not there: the job has no folder that could hold a note")
    append_text(path, f"{time.strftime('%Y-%m-%d %H:%M')}  {text.strip()}")


def edit(layout: Layout, editor: str, name: str = "") -> None:
    """Open a note in an editor, given as a command such as "nano" or "code --wait", and wait until it is closed."""
    path = _to_write(layout, name)
    words = shlex.split(editor)
    if not words:
        raise UserError('name an editor, as in --edit nano or --edit "$EDITOR"')
    path.touch()
    try:
        ended = subprocess.run([*words, str(path)], check=False)
    except OSError as error:
        raise UserError(f"the editor {editor!r} cannot be started: {error.strerror}") from None
    if ended.returncode:
        raise UserError(f"the editor {editor!r} ended with code {ended.returncode}; look at {path}")


def _to_write(layout: Layout, name: str) -> Path:
    check_writable(layout)
    return path_of(layout, name)


def together(layout: Layout, graph: Graph) -> Iterator[str]:
    """All notes, a heading before each: the project's first, then those of the jobs in their order."""
    own = read(layout)
    if own:
        yield _under(PROJECT_NOTE, own)
    for process in graph.processes.values():
        said = read(layout, process.name)
        if said:
            yield _under(f"{process.name}  {process.alias}".rstrip(), said)


def _under(title: str, text: str) -> str:
    return f"{title}\n{'=' * len(title)}\n{text.strip(chr(10))}\n"
