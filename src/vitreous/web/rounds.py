"""The iterations of a classification or refinement as the window reads them: which there are, and what each file says, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import chain, model_head, star
from vitreous.files.star_blocks import StarFile
from vitreous.web.problems import Missing

Values = Mapping[str, Any]
UNKNOWN = 900.0
"""Values above this mean "not known" in RELION's files (999, 9999999)."""


@dataclass(frozen=True)
class Round:
    """The files of one iteration; `model` of two halves is the first half's. number -1: the end of a refinement."""

    number: int
    optimiser: Path | None
    model: Path
    data: Path
    sampling: Path
    halves: tuple[Path, ...] = ()

    @property
    def classes(self) -> Path:
        """The stack of class averages of a 2D classification."""
        return self.model.with_name(self.model.name.replace("_model.star", "_classes.mrcs"))


def rounds(folder: Path) -> list[Round]:
    """The whole iterations in a job's folder, rising."""
    found = []
    for saved in chain.saved(folder):
        start = folder / saved.name
        halves = tuple(path for k in (1, 2) if (path := Path(f"{start}_half{k}_model.star")).is_file())
        found.append(
            Round(
                int(saved),
                Path(f"{start}_optimiser.star"),
                halves[0] if halves else Path(f"{start}_model.star"),
                Path(f"{start}_data.star"),
                Path(f"{start}_sampling.star"),
                halves,
            )
        )
    return found


def last(folder: Path) -> Round | None:
    """The end of a refinement: run_model.star with run_data.star; None before it is there."""
    model = folder / "run_model.star"
    if not model.is_file():
        return None
    optimiser = folder / "run_optimiser.star"
    data, sampling = folder / "run_data.star", folder / "run_sampling.star"
    return Round(-1, optimiser if optimiser.is_file() else None, model, data, sampling)


def chosen(folder: Path, it: int | None) -> Round:
    """The iteration of a number, without one the newest."""
    there = rounds(folder)
    if not there:
        raise Missing("no iteration is on disk yet, or any more: the first is written after the first round")
    if it is None:
        return there[-1]
    found = next((one for one in there if one.number == it), None)
    if found is None:
        numbers = ", ".join(str(one.number) for one in there)
        raise Missing(f"iteration {it} is not on disk; there are {numbers}")
    return found


def stamp(path: Path) -> tuple[int, int]:
    """Time and size of a file, by which what was read of it is kept."""
    try:
        found = path.stat()
    except OSError:
        raise Missing(f"{path.name} is not on disk any more; was the job cleaned?") from None
    return found.st_mtime_ns, found.st_size


def head(path: Path) -> StarFile:
    """What is general in a model, optimiser or sampling file, and the table of classes."""
    return _head(path, *stamp(path))


@lru_cache(maxsize=512)
def _head(path: Path, time_ns: int, size: int) -> StarFile:
    return model_head.read(path)


def whole(path: Path) -> StarFile:
    """All blocks of a model file."""
    return _whole(path, *stamp(path))


@lru_cache(maxsize=16)
def _whole(path: Path, time_ns: int, size: int) -> StarFile:
    return star.read(path)


def values(path: Path, block: str) -> Values:
    """The values of a block without loop; empty without it."""
    file = head(path)
    return file[block].values if block in file and not file[block].loop else {}


@dataclass(frozen=True)
class Assigned:
    """What an iteration says of each particle: a digest of its image's name, and its class."""

    names: NDArray[np.int64]
    classes: NDArray[np.int32]

    def counts(self, classes: int) -> list[int]:
        """Particles in classes 1, 2, ..."""
        return [int(n) for n in np.bincount(self.classes.clip(0), minlength=classes + 1)[1 : classes + 1]]

    def changed(self, before: "Assigned") -> float:
        """The share of particles that are in another class than before; of those in both."""
        _, mine, theirs = np.intersect1d(self.names, before.names, return_indices=True)
        return float((self.classes[mine] != before.classes[theirs]).mean()) if len(mine) else 0.0


def assigned(path: Path) -> Assigned:
    """Classes of the particles of an iteration's data file."""
    return _assigned(path, *stamp(path))


@lru_cache(maxsize=64)
def _assigned(path: Path, time_ns: int, size: int) -> Assigned:
    table = star.read_table(path, "particles", optics="optional")
    if "class_number" not in table:
        raise UserError(f"{path.name} has no column rlnClassNumber")
    names = table["image"].tolist() if "image" in table else range(len(table))
    return Assigned(np.array([hash(name) for name in names], np.int64), table["class_number"].astype(np.int32))


def number(said: Values, label: str, *, unknown: float = UNKNOWN) -> float | None:
    """A value as a number; None where it is missing or stands for "not known"."""
    try:
        value = float(said[label])
    except (KeyError, TypeError, ValueError):
        return None
    return value if np.isfinite(value) and abs(value) < unknown else None
