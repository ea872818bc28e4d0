"""Micrographs as the jobs want them: read, and refused when pixels are not numbers; their table's pixel sizes."""

import os

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import mrc, star
from vitreous.tables.table import Table


def read_table(path: str | os.PathLike[str]) -> Table:
    """The micrographs of a STAR file, with the pixel size of each as the column micrograph_pixel_size_A of the optics."""
    table = star.read_table(path, "micrographs")
    if not len(table):
        raise UserError(f"{path} lists no micrographs: nothing to work on")
    if "micrograph" not in table:
        raise UserError(f"{path} has no column rlnMicrographName: name a micrographs.star")
    optics = table.optics
    if optics is not None and "micrograph_pixel_size_A" in optics:
        return table
    if optics is None or "original_pixel_size_A" not in optics:
        raise UserError(f"{path} has no rlnMicrographPixelSize in its optics table: add it there, or import again")
    return table.with_optics(optics.with_(micrograph_pixel_size_A=optics["original_pixel_size_A"]))


def read_finite(path: str | os.PathLike[str]) -> NDArray[np.float32]:
    """A micrograph (y, x) whose pixels are all finite; otherwise a UserError says how many are not."""
    image, _ = mrc.read_image(path)
    bad = image.size - int(np.count_nonzero(np.isfinite(image)))
    if bad:
        raise UserError(f"{path}: {bad} of {image.size} pixels are no numbers (NaN): make this micrograph again, or leave it out")
    return image
