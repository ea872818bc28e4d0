"""Particles as the loop jobs want them: their table with the images that its rows name, looked at before the work begins."""

import os
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vitreous.context import QUIET, Context, UserError
from vitreous.files import star
from vitreous.files.stacks import ImageStacks
from vitreous.tables.table import Table


class Images(Protocol):
    """Images by row, from wherever they are read."""

    def __len__(self) -> int: ...

    def read(self, indices: Any) -> NDArray[np.float32]:
        """The images of these rows (from 0), in that order, as float32 (n, y, x)."""
        ...


def in_order_of(found: Table, table: Table, *, where: str) -> Table:
    """The rows of an iteration in the order of a table of particles, by the names of their images.

    RELION sorts them by micrograph. where: the iteration's file, for the error when they are not the same particles.
    """
    if np.array_equal(found["image"], table["image"]):
        return found
    place = {name: row for row, name in enumerate(found["image"].tolist())}
    rows = [place.get(name, -1) for name in table["image"].tolist()]
    if len(found) != len(table) or min(rows, default=0) < 0:
        raise UserError(f"{where} is not of the {len(table)} particles that this job takes: start a new job")
    return found.select(rows)


def read(
    path: str | os.PathLike[str], context: Context = QUIET, *, only: Callable[[Table], Table] | None = None
) -> tuple[Table, Images]:
    """The particles of a STAR file and their images; every stack that is named has been found whole, with an even side.

    The context says how they are read: in batches, from memory, or from a copy on a scratch disk. only: chooses rows.
    """
    table = star.read_table(path, "particles")
    if not len(table):
        raise UserError(f"{path} holds no particles: give the table of an extraction or selection that found some")
    if "image" not in table:
        raise UserError(f"{path} has no column rlnImageName: name a particles.star")
    if only is not None:
        table = only(table)
    images = ImageStacks(table["image"].tolist(), reading=context.reading)
    images.check()
    if images.box % 2:
        raise UserError(
            f"{path}: images of {images.box} pixels have an odd side, whose centre programs take differently: extract them "
            f"with a box of {images.box + 1}"
        )
    return table, context.reading.staged(images, context)
