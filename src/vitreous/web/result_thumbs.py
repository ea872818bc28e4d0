"""One small picture of what a job has made: its largest class average, or a projection of its map; for nodes, lists, phones."""

import re
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import chain, mrc, star
from vitreous.web import picture_parts
from vitreous.web.opened import Opened
from vitreous.web.problems import Missing
from vitreous.web.reading import Row, reading
from vitreous.web.volumes import volume

SIDES = (48, 96, 320)
_STACKS = ("relion.class2d",)
_MAPS = (
    "relion.postprocess",
    "relion.localres",
    "relion.refine3d",
    "relion.class3d",
    "relion.initialmodel",
    "relion.maskcreate",
    "relion.external.vitreous.reconstruct",
    "relion.external.vitreous.align_symmetry",
    "relion.external.vitreous.flip_hand",
)
_LARGEST_PX = 400
"""A map wider than this is not projected for a small picture."""


def has_thumb(row: Row) -> bool:
    """Whether a job's type makes something that can be shown small, and it has got so far."""
    if not row.process.label.startswith((*_STACKS, *_MAPS)):
        return False
    return row.state == "finished" or float(row.about.progress.get("done") or 0) >= 1


def tag_of(row: Row) -> str:
    """A word that changes when there is a new picture; empty where there is none."""
    if not has_thumb(row):
        return ""
    return f"{row.about.ended:.0f}" if row.state == "finished" else f"i{row.about.progress.get('done') or 0:.0f}"


def source(here: Opened, row: Row) -> Path:
    """The file that a job's small picture is of. Raises Missing when it is not on disk."""
    folder = here.project.layout.job(row.process.name)
    outputs = [here.root / node for node in reading(here).outputs(row.process.name)]
    stack = row.process.label.startswith(_STACKS)
    wanted = [path for path in outputs if path.suffix == (".mrcs" if stack else ".mrc") and "half" not in path.name]
    found = [path for path in wanted if path.is_file()]
    if found:
        return found[0]
    last = chain.latest(folder)
    if last is not None:
        whole = folder / f"{last.name}_{'classes.mrcs' if stack else 'class001.mrc'}"
        for path in (whole, whole.with_name(f"{last.name}_half1_class001.mrc")):
            if path.is_file():
                return path
    raise Missing(f"{row.name} has no picture on disk")


def thumb(here: Opened, row: Row, side: int) -> bytes:
    """The picture as a grey JPEG of side x side pixels at most."""
    path = source(here, row)
    about = path.stat()
    return _made(path, about.st_mtime_ns, about.st_size, side)


@lru_cache(maxsize=600)
def _made(path: Path, time_ns: int, size: int, side: int) -> bytes:
    plane = _class_average(path) if path.suffix == ".mrcs" else _projection(path)
    plane = _trimmed(plane) if path.suffix == ".mrc" else plane
    small = picture_parts.fitted(np.ascontiguousarray(plane, np.float32), side)
    low, high = np.percentile(small, (1, 99.7))
    grey = np.clip((small - low) / max(float(high - low), 1e-12) * 235 + 12, 0, 255)
    return picture_parts.jpeg(grey.astype(np.uint8))


def _projection(path: Path) -> NDArray[np.float32]:
    if max(mrc.read_header(path).shape) > _LARGEST_PX:
        raise UserError("the map is too large for a small picture")
    return np.asarray(volume(path).projection("y"), np.float32)


def _trimmed(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """The middle of a projection, without the empty border of its box."""
    edge = plane.shape[0] // 8
    return plane[edge : plane.shape[0] - edge, edge : plane.shape[1] - edge]


def _class_average(path: Path) -> NDArray[np.float32]:
    """The average of the class with most particles, as the model beside the stack tells; the first without one."""
    place = 0
    model = path.with_name(re.sub(r"classes\.mrcs$", "model.star", path.name))
    if model.is_file():
        try:
            shares = star.read_table(model, "model_classes")["class_distribution"]
            place = int(np.argmax(np.asarray(shares, np.float64)))
        except (UserError, KeyError, ValueError):
            place = 0
    return np.asarray(mrc.read_stack(path, np.array([place], np.intp))[0][0], np.float32)
