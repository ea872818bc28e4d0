"""Operators that touch, copy, move and delete files of the project."""

import glob
import shutil
from pathlib import Path

from vitreous.context import UserError


def touch(path: str, root: Path) -> str:
    """Make an empty file, or give it the time of now; missing folders are made."""
    where = root / path
    where.parent.mkdir(parents=True, exist_ok=True)
    where.touch()
    return f"touched {path}"


def matching(pattern: str, root: Path) -> list[str]:
    """The files of a pattern, sorted, as the pattern names them: from the project directory or absolute."""
    return sorted(glob.glob(pattern, root_dir=root))


def delete(pattern: str, root: Path) -> str:
    """Delete the files of a pattern; none is no error, a folder stays."""
    gone = [path for path in matching(pattern, root) if not (root / path).is_dir() or (root / path).is_symlink()]
    for path in gone:
        (root / path).unlink()
    return f"deleted {', '.join(gone) or 'nothing'} ({pattern})"


def transfer(pattern: str, target: str, root: Path, *, move: bool) -> str:
    """Copy or move the files of a pattern to a file or, where the target ends with a slash or is one, into a folder."""
    found = matching(pattern, root)
    word = "move" if move else "copy"
    if not found:
        raise UserError(f"there is no file {pattern} to {word} to {target}")
    where = root / target
    is_folder = target.endswith("/") or where.is_dir()
    if len(found) > 1 and not is_folder:
        raise UserError(f"{pattern} is {len(found)} files, but {target} is no folder: end it with a slash")
    (where if is_folder else where.parent).mkdir(parents=True, exist_ok=True)
    for path in found:
        source, goal = root / path, where / Path(path).name if is_folder else where
        if move:
            shutil.move(source, goal)
        elif source.is_dir():
            shutil.copytree(source, goal, dirs_exist_ok=True)
        else:
            shutil.copy2(source, goal)
    return f"{'moved' if move else 'copied'} {', '.join(found)} to {target}"
