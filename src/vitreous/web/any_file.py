"""What a file of the project is, and how it can be shown, by its label in the graph, its name, or its first bytes."""

import os
from dataclasses import dataclass
from pathlib import Path

from vitreous.context import UserError
from vitreous.files import glance, mrc, mrc_header
from vitreous.project.graph import Graph
from vitreous.project.layout import JOB_NAME, folder_of
from vitreous.web.telling import kinds

SNIFFED_BYTES = 4096
INLINE = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".html": "text/html; charset=utf-8",
    ".htm": "text/html; charset=utf-8",
}
SHOWN = {
    ".png": "picture",
    ".jpg": "picture",
    ".jpeg": "picture",
    ".gif": "picture",
    ".svg": "picture",
    ".pdf": "pdf",
    ".html": "page",
}
MODELS = (".pdb", ".cif", ".mmcif", ".ent")
MOVIES = (".tif", ".tiff", ".eer")
BLOCKS = {
    "particles": "particles",
    "micrographs": "micrographs",
    "movies": "movies",
    "coordinate_files": "coordinates",
    "fsc": "postprocess",
}
"""Tables by which a STAR file is known whose name says nothing."""
PLAIN = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"


@dataclass(frozen=True)
class Shown:
    """How a file is shown: the word of its kind, the name of its view ("" for none), and how without a view.

    plain is one of folder, picture, pdf, page, text, bytes.
    """

    kind: str
    view: str
    plain: str


def label_of(graph: Graph, path: str) -> str:
    """RELION's label of a file that the graph knows; empty for any other."""
    node = graph.nodes.get(path)
    return node.label if node else ""


def job_of(graph: Graph, path: str) -> str:
    """The job in whose folder a file lies, "CtfFind/job003"; empty for none."""
    name = folder_of(path)
    return name.rstrip("/") if JOB_NAME.match(name) and name in graph.processes else ""


def shown(file: Path, path: str, label: str) -> Shown:
    """How a file is shown: file is its place on disk, path its name in the project."""
    if file.is_dir():
        return Shown("", "", "folder")
    ending = file.suffix.lower()
    plain = SHOWN.get(ending) or ("text" if is_text(file) else "bytes")
    if plain in ("picture", "pdf", "page"):
        return Shown("logfile" if plain == "pdf" else "file", "", plain)
    word = _word(file, path, label)
    return Shown(word, _view(file, word, path), plain)


def media_type(file: Path) -> tuple[str, bool]:
    """The type by which a file is given out, and whether a browser may show it by itself; script never is one."""
    ending = file.suffix.lower()
    if ending in INLINE:
        return INLINE[ending], True
    return (PLAIN, True) if is_text(file) else (BYTES, False)


def is_text(file: Path) -> bool:
    """Whether the first bytes of a file are text."""
    try:
        with file.open("rb") as stream:
            first = stream.read(SNIFFED_BYTES)
    except OSError as error:
        raise UserError(f"cannot read {file.name}: {error.strerror}") from None
    if b"\0" in first:
        return False
    try:
        first.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(first) - 4 and len(first) == SNIFFED_BYTES
    return True


def _word(file: Path, path: str, label: str) -> str:
    word = kinds.word_of(label, path)
    if word == "file" and file.suffix == ".star":
        return _word_of_star(file)
    return word


def _word_of_star(file: Path) -> str:
    try:
        blocks, _ = glance.head(file)
    except (UserError, OSError, ValueError):
        return "file"
    return next((BLOCKS[block.name] for block in blocks if block.name in BLOCKS), "file")


def _view(file: Path, word: str, path: str) -> str:
    """The view of a kind, where the file itself can be shown by it."""
    ending = file.suffix.lower()
    if ending in MODELS:
        return "model3d"
    if ending in MOVIES:
        return "movies"
    if ending in (".mrc", ".mrcs", ".map"):
        return _view_of_mrc(file, word)
    if word == "file" and ending != ".star":
        return ""
    return kinds.view_of(word, path)


def _view_of_mrc(file: Path, word: str) -> str:
    """Of MRC files the header decides: a picture, a stack or a volume."""
    try:
        head = mrc_header.read_header(file)
    except (UserError, OSError):
        return ""
    if head.shape[0] == 1:
        return "image"
    cube = len(set(head.shape)) == 1  # some programs leave out the mark of a volume
    if (head.is_volume or cube) and file.suffix != ".mrcs":
        return "volume"
    return "classes" if word == "references2d" else "stack" if mrc.is_mrc(file) else ""


@dataclass(frozen=True)
class Entry:
    """One name in a folder."""

    name: str
    folder: bool
    link: str
    bytes: int
    changed: float


def entries(folder: Path, *, most: int) -> tuple[list[Entry], int]:
    """What a folder holds, folders first, hidden names left out; and how many more there are beyond `most`."""
    try:
        with os.scandir(folder) as found:
            rows = [entry for entry in found if not entry.name.startswith(".")]
    except OSError as error:
        raise UserError(f"cannot look into {folder.name}: {error.strerror}") from None
    rows.sort(key=lambda entry: (not entry.is_dir(), entry.name))
    return [_entry(entry) for entry in rows[:most]], max(0, len(rows) - most)


def _entry(entry: "os.DirEntry[str]") -> Entry:
    link = os.readlink(entry.path) if entry.is_symlink() else ""
    try:
        about = entry.stat()
        return Entry(entry.name, entry.is_dir(), link, about.st_size, about.st_mtime)
    except OSError:
        return Entry(entry.name, False, link, 0, 0.0)
