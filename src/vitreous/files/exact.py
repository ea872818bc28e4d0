"""Numbers of an iteration as they stood in memory, beside RELION's files, whose text rounds them: run_itNNN_exact.npz."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.files import atomic


def file_of(folder: Path, iteration: int) -> Path:
    """Where the exact numbers of an iteration lie."""
    return folder / f"run_it{iteration:03d}_exact.npz"


def write(folder: Path, iteration: int, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Keep the arrays, and those of the iteration before; older ones go, for they are large.

    Two are kept because a run may die after this and before the iteration's other files are whole.
    """
    with atomic.writing(file_of(folder, iteration)) as file:
        np.savez(file, allow_pickle=False, **dict(arrays))
    for old in sorted(folder.glob("run_it[0-9][0-9][0-9]_exact.npz"))[:-2]:
        old.unlink()


def read(folder: Path, iteration: int) -> dict[str, NDArray[Any]]:
    """The exact arrays of an iteration; empty when they are not there."""
    path = file_of(folder, iteration)
    if not path.is_file():
        return {}
    with np.load(path) as file:
        return {name: file[name] for name in file.files}
