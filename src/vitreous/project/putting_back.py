"""Files that a clean has moved to the Trash go back into their job; what has been made anew since is left as it is."""

import os
from collections.abc import Collection
from pathlib import Path

from vitreous.context import UserError
from vitreous.project import graph as graphs
from vitreous.project.layout import Layout
from vitreous.project.trash import DELETED, move, place_of, refuse_alive


def put_back(layout: Layout, name: str, paths: Collection[str] = ()) -> list[str]:
    """Move files of a job, by their paths in its folder, out of the Trash; without paths all. Gives those that were moved."""
    folder, there = layout.job(name), place_of(layout, name)
    with graphs.locked(layout) as graph:
        if name not in graph.processes or (there / DELETED).is_file():
            raise UserError(f"{name.rstrip('/')} is itself deleted: undelete it, and its files come with it")
        refuse_alive(layout, graph, name)
        wanted = paths or sorted(entry.name for entry in there.iterdir()) if there.is_dir() else ()
        moved = [done for path in wanted for done in _back(there, folder, path)]
    _remove_empty(there)
    return moved


def _back(there: Path, folder: Path, path: str) -> list[str]:
    """Move one file or folder back; of a folder that is there already, what it lacks."""
    source, target = there / path, folder / path
    if not os.path.lexists(source) or ".." in Path(path).parts or os.path.isabs(path):
        return []
    if not os.path.lexists(target):
        move(source, target)
        return [path]
    if source.is_dir() and not source.is_symlink() and target.is_dir():
        return [done for child in sorted(source.iterdir()) for done in _back(there, folder, f"{path}/{child.name}")]
    return []


def _remove_empty(folder: Path) -> None:
    """Take away the folders that nothing is left in, up to that of the job's type."""
    for where, _, _ in os.walk(folder, topdown=False):
        if not os.listdir(where):
            os.rmdir(where)
    if folder.parent.is_dir() and not os.listdir(folder.parent):
        folder.parent.rmdir()
