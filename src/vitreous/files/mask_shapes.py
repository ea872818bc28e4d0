"""Answers that say a mask as shapes: spheres, boxes and regions above a level, added and taken away in order (JSON).

Places are in Å from the first voxel: index, from 0, times voxel size, along x, y, z.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pydantic
from numpy.typing import NDArray

from vitreous.context import UserError

Bools = NDArray[np.bool_]
Place = Annotated[float, pydantic.Field(ge=-1e6, le=1e6)]
Length = Annotated[float, pydantic.Field(gt=0, le=1e6)]
How = Literal["add", "minus"]
MOST = 500
_STRICT = pydantic.ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class Sphere(pydantic.BaseModel):
    """All voxels whose distance from a place is not more than the radius."""

    model_config = _STRICT
    shape: Literal["sphere"] = "sphere"
    how: How = "add"
    x_A: Place
    y_A: Place
    z_A: Place
    radius_A: Length


class Box(pydantic.BaseModel):
    """All voxels not farther from a place than half a width along each axis."""

    model_config = _STRICT
    shape: Literal["box"] = "box"
    how: How = "add"
    x_A: Place
    y_A: Place
    z_A: Place
    width_x_A: Length
    width_y_A: Length
    width_z_A: Length


class Region(pydantic.BaseModel):
    """All voxels of the map at or above a level, after a low-pass (0: none); largest: only its largest connected part."""

    model_config = _STRICT
    shape: Literal["threshold"] = "threshold"
    how: How = "add"
    level: float
    low_pass_A: Annotated[float, pydantic.Field(ge=0, le=1000)] = 0.0
    largest: bool = False


class MaskShapes(pydantic.BaseModel):
    """A whole answer. extend_px and edge_px: growth and width of the soft edge; without them the job's options count."""

    model_config = _STRICT
    kind: Literal["mask"] = "mask"
    shapes: Annotated[
        list[Annotated[Sphere | Box | Region, pydantic.Field(discriminator="shape")]], pydantic.Field(max_length=MOST)
    ]
    extend_px: Annotated[float, pydantic.Field(ge=-1000, le=1000)] | None = None
    edge_px: Annotated[float, pydantic.Field(ge=0, le=1000)] | None = None


def parse_shapes(said: Any, where: str) -> MaskShapes:
    """An answer out of plain values; `where` names it in errors."""
    try:
        answer = MaskShapes.model_validate(said)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{where} do not say a mask: {place or 'the whole'}: {first['msg']}") from error
    if not any(shape.how == "add" for shape in answer.shapes):
        raise UserError(f"{where} add nothing to the mask: at least one sphere, box or region is needed")
    return answer


def read_shapes(path: Path | str) -> MaskShapes:
    """An answer from its file."""
    try:
        said = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"there is no answer {path}: answer the job in the window, or name another file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"the answer {path} cannot be read: {error}") from error
    return parse_shapes(said, f"the answers of {path}")


def inside(
    answer: MaskShapes,
    shape: tuple[int, int, int],
    *,
    voxel_A: float,
    first_A: float = 0.0,
    region: Callable[[Region], Bools],
) -> Bools:
    """Which voxels of a grid (z, y, x) the shapes enclose, one after another; region says it for those above a level.

    first_A is the place of the grid's first voxel on every axis: not 0 where voxels are averages of several.
    """
    filled = np.zeros(shape, bool)
    axes = [first_A + voxel_A * np.arange(n, dtype=np.float64) for n in shape]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    for one in answer.shapes:
        found = region(one) if isinstance(one, Region) else _solid(one, {"x": x, "y": y, "z": z})
        filled = filled | found if one.how == "add" else filled & ~found
    return filled


def _solid(one: Sphere | Box, at: Mapping[str, NDArray[np.float64]]) -> Bools:
    away = {"x": at["x"] - one.x_A, "y": at["y"] - one.y_A, "z": at["z"] - one.z_A}
    rounding = 1e-6
    if isinstance(one, Sphere):
        return np.asarray(away["x"] ** 2 + away["y"] ** 2 + away["z"] ** 2 <= (one.radius_A + rounding) ** 2)
    halves = {"x": one.width_x_A / 2, "y": one.width_y_A / 2, "z": one.width_z_A / 2}
    near = [np.abs(away[axis]) <= halves[axis] + rounding for axis in "xyz"]
    return np.asarray(near[0] & near[1] & near[2])
