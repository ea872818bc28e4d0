"""Numbers of an iteration as they stood in memory, beside RELION's files, whose text rounds them: run_itNNN_exact.npz."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.files import atomic, chain


def file_of(folder: Path, iteration: int) -> Path:
    """Where the exact numbers of an iteration lie."""
    return Path(f"{chain.start_of(folder, iteration)}_exact.npz")


def write(folder: Path, iteration: int, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Keep the arrays, and those of the last whole iteration; others go, for they are large.

    Two are kept because a run may die after this and before the iteration's other files are whole.
    """
    with atomic.writing(file_of(folder, iteration)) as file:
        np.savez(file, allow_pickle=False, **dict(arrays))
    kept = {file_of(folder, one) for one in (iteration, chain.latest(folder)) if one is not None}
    for path in folder.glob("run_*it*_exact.npz"):
        if path not in kept:
            path.unlink()


def read(folder: Path, iteration: int) -> dict[str, NDArray[Any]]:
    """The exact arrays of an iteration; empty when they are not there."""
    path = file_of(folder, iteration)
    if not path.is_file():
        return {}
    with np.load(path) as file:
        return {name: file[name] for name in file.files}
