"""Particles as the loop jobs want them: their table with the images that its rows name, looked at before the work begins."""

import os

from vitreous.context import UserError
from vitreous.files import star
from vitreous.files.stacks import ImageStacks
from vitreous.tables.table import Table


def read(path: str | os.PathLike[str]) -> tuple[Table, ImageStacks]:
    """The particles of a STAR file and their images; every stack that is named has been found whole, with an even side."""
    table = star.read_table(path, "particles")
    if not len(table):
        raise UserError(f"{path} holds no particles: give the table of an extraction or selection that found some")
    if "image" not in table:
        raise UserError(f"{path} has no column rlnImageName: name a particles.star")
    images = ImageStacks(table["image"].tolist())
    images.check()
    if images.box % 2:
        raise UserError(
            f"{path}: images of {images.box} pixels have an odd side, whose centre programs take differently: extract them "
            f"with a box of {images.box + 1}"
        )
    return table, images
