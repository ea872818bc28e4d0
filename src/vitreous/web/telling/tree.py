"""The files in a job's folder as a tree, with sizes and kinds; thousands in one folder are cut short, and said so."""

import os
from pathlib import Path

from pydantic import BaseModel

from vitreous.project.graph_model import Graph
from vitreous.web.telling import kinds
from vitreous.web.telling.results import JobLink, link_to

MOST_IN_FOLDER = 2000
MOST_IN_ALL = 20000
DEEPEST = 8
ENDINGS = {
    "out": "Log",
    "err": "Error log",
    "txt": "Text",
    "pdf": "PDF",
    "eps": "PostScript",
    "star": "STAR table",
    "json": "JSON",
}


class FileRow(BaseModel):
    """A file or folder. path counts from the project; used_by: the jobs that take it; left_out: files that are not listed."""

    path: str
    name: str
    folder: bool
    kind: str = ""
    bytes: int = 0
    changed_s: float = 0
    link_to: str = ""
    output: bool = False
    used_by: list[JobLink] = []
    children: list["FileRow"] = []
    files: int = 0
    left_out: int = 0


def files(graph: Graph, name: str, root: Path) -> FileRow:
    """The tree of a job's folder; hidden files are left out."""
    budget = [MOST_IN_ALL]
    return _folder(graph, root, name.rstrip("/"), budget, depth=0)


def _folder(graph: Graph, root: Path, path: str, budget: list[int], *, depth: int) -> FileRow:
    row = FileRow(path=path, name=path.rpartition("/")[2], folder=True)
    try:
        entries = sorted(os.scandir(root / path), key=lambda entry: (not entry.is_dir(follow_symlinks=False), entry.name))
    except OSError:
        return row
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if len(row.children) >= MOST_IN_FOLDER or budget[0] <= 0:
            row.left_out += 1
            continue
        budget[0] -= 1
        below = f"{path}/{entry.name}"
        if entry.is_dir(follow_symlinks=False) and depth < DEEPEST:
            child = _folder(graph, root, below, budget, depth=depth + 1)
        else:
            child = _file(graph, entry, below)
        row.children.append(child)
        row.bytes += child.bytes
        row.files += child.files + (0 if child.folder else 1)
        row.left_out += child.left_out
    return row


def _file(graph: Graph, entry: "os.DirEntry[str]", path: str) -> FileRow:
    try:
        about = entry.stat(follow_symlinks=False)
        size, changed = about.st_size, about.st_mtime
    except OSError:
        size, changed = 0, 0.0
    node = graph.nodes.get(path)
    users = [link_to(graph.processes[job]) for job in dict.fromkeys(graph.users_of(path))] if node else []
    word = kinds.word_of(node.label if node else "", path)
    return FileRow(
        path=path,
        name=entry.name,
        folder=False,
        kind=kinds.title_of(word) if word != "file" else _ending(entry.name),
        bytes=size,
        changed_s=changed,
        link_to=os.readlink(entry.path) if entry.is_symlink() else "",
        output=node is not None and bool(graph.makers_of(path)),
        used_by=users,
    )


def _ending(name: str) -> str:
    return ENDINGS.get(name.rpartition(".")[2], "")
