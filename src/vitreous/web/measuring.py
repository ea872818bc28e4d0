"""Values that the data tell: box and mask from the particle's diameter, pixel sizes from headers; each with where it is from."""

import glob
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.files import mrc
from vitreous.job import as_star
from vitreous.job.options import options
from vitreous.project.layout import folder_of, number_of
from vitreous.project.state import job_file
from vitreous.web.offers import glanced
from vitreous.web.opened import Opened
from vitreous.web.reading import reading

BOX, MASK = 1.5, 1.1  # times the particle's diameter
BOX_STEP_PX = 16
VOXEL_FIELDS = {"voxel_size_A": ("map", "half1"), "coordinate_pixel_size_A": ("particles",)}


class Measured(BaseModel):
    """A value that can be taken from the data with one press, and how it comes about."""

    value: str
    words: str


def measured(here: Opened, cls: type[Any], values: Mapping[str, str]) -> dict[str, Measured]:
    """What the data say of the settings of a form, by name."""
    names = {option.name for option in options(cls)}
    found: dict[str, Measured] = {}
    for field, inputs in VOXEL_FIELDS.items():
        size = next((_pixel_size_A(here, cls, values, name) for name in inputs if name in names), None)
        if field in names and size:
            found[field] = Measured(value=f"{size:g}", words=f"{size:g} Å from the header")
    if cls.type.command == "import" and (size := _of_first_file(here, values.get("files", ""))):
        found["pixel_size_A"] = Measured(value=f"{size:g}", words=f"{size:g} Å from the header")
    if not names & {"box_px", "particle_diameter_A"}:
        return found
    diameter = next(_diameters(here, cls, values), None)
    if diameter is None:
        return found
    size_A, where = diameter
    if "particle_diameter_A" in names:
        mask = math.ceil(MASK * size_A)
        found["particle_diameter_A"] = Measured(value=str(mask), words=f"{MASK:g} × {size_A:g} Å of {where}")
    pixel = _pixel_size_A(here, cls, values, "micrographs")
    if "box_px" in names and pixel:
        box = math.ceil(BOX * size_A / pixel / BOX_STEP_PX) * BOX_STEP_PX
        found["box_px"] = Measured(value=str(box), words=f"{BOX:g} × {size_A:g} Å of {where}, at {pixel:g} Å/px")
    return found


def _pixel_size_A(here: Opened, cls: type[Any], values: Mapping[str, str], name: str) -> float | None:
    """The pixel size in the header of an input."""
    kind = next((option.input_kind.partition(".")[0] for option in options(cls) if option.name == name), "")
    path = values.get(name, "")
    return glanced(here.root / path, kind).pixel_size_A if path and kind and "\0" not in path else None


def _of_first_file(here: Opened, pattern: str) -> float | None:
    """The pixel size in the header of the first file of a pattern; MRC files alone tell it."""
    if not pattern or "\0" in pattern:
        return None
    first = next(iter(glob.iglob(pattern, root_dir=here.root)), "")
    if not first.endswith((".mrc", ".mrcs")):
        return None
    try:
        return mrc.read_header(here.root / first).pixel_size_A or None
    except (UserError, OSError):
        return None


def _diameters(here: Opened, cls: type[Any], values: Mapping[str, str]) -> Iterator[tuple[float, str]]:
    """Diameters of the particle that jobs before this one were told, the nearest first, with the job."""
    graph = reading(here).graph()
    makers = [folder_of(values.get(option.name, "")) for option in options(cls) if option.is_input]
    seen: dict[str, None] = {}
    for maker in makers:
        if maker in graph.processes:
            seen |= dict.fromkeys([maker, *reversed(graph.ancestors(maker))])
    for name in sorted(seen, key=lambda name: -(number_of(name) or 0)):
        size_A = _said(job_file(here.project.layout, name))
        if size_A:
            yield size_A, f"job{number_of(name) or 0:03d}"


def _said(path: Path) -> float | None:
    """The particle's diameter in a job's options: the largest that picking looked for, or the mask of a classification."""
    try:
        said = as_star.read(path).values
    except UserError:
        return None
    for name, times in (("log_diam_max", 1.0), ("particle_diameter", 1 / MASK)):
        try:
            size_A = float(said.get(name, "")) * times
        except ValueError:
            continue
        if size_A > 0 and math.isfinite(size_A):
            return round(size_A)
    return None
