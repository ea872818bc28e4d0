"""The maps that a 3D classification begins with: one map, a STAR file of several, or what an earlier classification made."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import classification, mrc, star
from vitreous.tables.table import Table


@dataclass(frozen=True)
class References:
    """Maps with their voxel sizes (0: not said), and the particles of the classification that made them, if they are of one."""

    paths: Sequence[str]
    volumes: Sequence[NDArray[np.float32]]
    voxel_sizes_A: Sequence[float]
    particles: Table | None = None


def read(path: str) -> References:
    """A map; the maps of a STAR file with rlnReferenceImage; those of a classification's optimiser or model, or of its folder."""
    where = classification.last_iteration(path)
    if where.suffix != ".star":
        return _volumes([path], None)
    file = star.read(where)
    if "optimiser_general" in file or "model_classes" in file:
        found = classification.read(where)
        return _volumes([str(name) for name in found.classes["reference_image"]], found.particles)
    blocks = [block for block in file if block.loop and "rlnReferenceImage" in block]
    if not blocks:
        raise UserError(f"{where} names no references: give a map, a STAR file with rlnReferenceImage, or an optimiser")
    return _volumes([str(name) for name in blocks[0]["rlnReferenceImage"]], None)


def _volumes(paths: Sequence[str], particles: Table | None) -> References:
    for path in paths:
        if "@" in path:
            raise UserError(f"the reference {path} is an image of a stack, not a map: is it of a 2D classification?")
        if not Path(path).is_file():
            raise UserError(f"there is no reference {path} (paths count from {Path.cwd()})")
    made = [mrc.read_volume(path) for path in paths]
    return References(list(paths), [volume for volume, _ in made], [size for _, size in made], particles)


@dataclass(frozen=True)
class Earlier:
    """An earlier classification as a beginning: its particles, and which of its classes (from 0) make each new one."""

    particles: Table
    groups: Sequence[Sequence[int]]

    def _places(self, table: Table) -> NDArray[np.int64]:
        """Row of the earlier table for each row of a table, by the names of images; -1: it has none."""
        place = {name: row for row, name in enumerate(self.particles["image"].tolist())}
        return np.array([place.get(name, -1) for name in table["image"].tolist()], np.int64)

    def _classes(self, table: Table) -> NDArray[np.int64]:
        """The new class (from 0) of each row; -1: dropped, or not known."""
        new = {old: number for number, group in enumerate(self.groups) for old in group}
        there = self._places(table)
        old = np.asarray(self.particles["class_number"], int)[np.maximum(there, 0)] - 1
        return np.array([new.get(int(one), -1) if row >= 0 else -1 for one, row in zip(old, there)], np.int64)

    def chosen(self, table: Table, *, everyone: bool) -> Table:
        """The rows whose class was kept; everyone: also those of dropped classes. Rows that it never had stay out."""
        kept = (self._places(table) if everyone else self._classes(table)) >= 0
        if not kept.any():
            raise UserError("none of the particles belongs to the classes taken from the earlier classification")
        return table.select(kept)

    def shares(self, table: Table) -> NDArray[np.float64]:
        """Shares (n, K) of the new classes: one class each, all alike for particles of dropped ones."""
        kind, count = self._classes(table), len(self.groups)
        return np.where(kind[:, None] < 0, 1.0 / count, np.eye(count)[np.maximum(kind, 0)])

    def posed(self, table: Table) -> Table:
        """The earlier rows, with their poses, in the order of a chosen table."""
        return self.particles.select(self._places(table))


def earlier(path: str, said: str) -> Earlier:
    """The classification of an optimiser or model file or a folder, its classes mapped as said (see mapping)."""
    where = classification.last_iteration(path)
    found = classification.read(where)
    return Earlier(found.particles, mapping(said, len(found.classes)))


def mapping(text: str, classes: int) -> list[list[int]]:
    """What of the old classes (from 0) makes each new one: "1+3, 2" merges 1 and 3, keeps 2, and drops all others.

    "all": every old class stays.
    """
    if text.strip() == "all":
        return [[number] for number in range(classes)]
    try:
        made = [[int(word) - 1 for word in part.split("+")] for part in text.split(",")]
    except ValueError:
        raise UserError(f"class mapping {text!r}: write old classes joined by + for each new class, as in 1+3, 2") from None
    named = [number for part in made for number in part]
    if len(set(named)) < len(named):
        raise UserError(f"class mapping {text!r} takes an old class twice")
    if min(named) < 0 or max(named) >= classes:
        raise UserError(f"class mapping {text!r} names a class that is not among the {classes} of the earlier result")
    return made
