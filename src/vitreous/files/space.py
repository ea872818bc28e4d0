"""How much of a disk files take."""

import os
from pathlib import Path


def bytes_in(path: Path) -> int:
    """Bytes of a file or of all files below a folder. Links count as links and are not followed."""
    if path.is_symlink() or not path.is_dir():
        return _size(path)
    return sum(_size(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names)


def _size(path: str | Path) -> int:
    """Bytes of one file; 0 where it has gone, as those of a job at work do."""
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return 0
