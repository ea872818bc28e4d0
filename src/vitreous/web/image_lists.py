"""The images that a path of the project means: those of a stack, of the rows of a table, or of the classes of a model."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import model_head, mrc, star
from vitreous.files.stacks import ImageStacks
from vitreous.tables.table import Table
from vitreous.web.opened import Opened
from vitreous.web.problems import Missing

_COLUMNS = ("image", "reference_image")


@dataclass(frozen=True)
class ImageList:
    """Images by number from 1. rows: the table that names them, where there is one."""

    path: Path
    tag: str
    count: int
    pixel_size_A: float
    names: NDArray[np.object_] | None = None
    poses: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def read(self, here: Opened, indices: list[int]) -> tuple[NDArray[np.float32], list[int]]:
        """The images of these numbers that are on disk, and which these are."""
        wrong = next((index for index in indices if not 1 <= index <= self.count), None)
        if wrong is not None:
            raise UserError(f"{self.path.name} has {self.count} images; there is no image {wrong}")
        places = np.array(indices, np.intp) - 1
        if self.names is None:
            return mrc.read_stack(self.path, places)[0], indices
        names = [str(name) for name in self.names[places]]
        there = {path: _is_there(here, path) for path in {mrc.split_name(name)[1] for name in names}}
        kept = [k for k, name in enumerate(names) if there[mrc.split_name(name)[1]]]
        if not kept:
            return np.zeros((0, 1, 1), np.float32), []
        stacks = ImageStacks([names[k] for k in kept], root=here.root)
        return stacks.read(np.arange(len(kept))), [indices[k] for k in kept]


def _is_there(here: Opened, path: str) -> bool:
    """Whether a stack that a table names is on disk; one outside the project is an error."""
    try:
        here.inside(path)
    except Missing:
        return False
    return True


def tag_of(path: Path) -> str:
    """A word that changes when the file does."""
    found = path.stat()
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"


def images_of(here: Opened, path: str) -> ImageList:
    """The images of a stack, or of a table's rows."""
    where = here.inside(path)
    if where.is_dir():
        raise UserError(f"{path} is a folder: name a stack of images, or a table that lists them")
    if where.suffix == ".star":
        return _of_table(where, tag_of(where))
    header = mrc.read_header(where)
    if header.is_volume:
        raise UserError(f"{path} is a map, and no stack of images: the map viewer shows it")
    return ImageList(where, tag_of(where), header.shape[0], header.pixel_size_A)


@lru_cache(maxsize=6)
def _of_table(path: Path, tag: str) -> ImageList:
    table, column = _table_with_images(path)
    pixel = 0.0
    if column == "image" and table.optics is not None and "pixel_size_A" in table.optics:
        pixel = float(table.optics["pixel_size_A"][0])
    poses = {
        name: table[name].astype(np.float64)
        for name in ("psi_deg", "origin_x_A", "origin_y_A")
        if column == "image" and name in table
    }
    return ImageList(path, tag, len(table), pixel, table[column].astype(object), poses)


def _table_with_images(path: Path) -> tuple[Table, str]:
    """The first table of a file that names images, and the column; of a model only its head is read."""
    if path.name.endswith("_model.star"):
        head = model_head.read(path)
        if "model_classes" in head and "rlnReferenceImage" in head["model_classes"]:
            return Table({"reference_image": head["model_classes"]["rlnReferenceImage"]}), "reference_image"
    for kind in ("particles", "model_classes", None):
        try:
            table = star.read_table(path, kind, optics="optional")
        except UserError:
            continue
        column = next((name for name in _COLUMNS if name in table), None)
        if column:
            return table, column
    raise UserError(f"{path.name} lists no images: it has neither rlnImageName nor rlnReferenceImage")


def numbers(text: str, count: int, most: int) -> list[int]:
    """ "1-64,70" as numbers; empty: all. At most so many."""
    if not text:
        return list(range(1, min(count, most) + 1))
    found: list[int] = []
    for word in text.split(","):
        first, dash, last = word.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or len(word) > 20:
            raise UserError(f"{word!r} is no number of an image: write 1-64,70")
        found.extend(range(int(first), min(int(last or first), int(first) + most) + 1))
        if len(found) > most:
            raise UserError(f"at most {most} images are sent at once; ask for them in parts")
    return found
