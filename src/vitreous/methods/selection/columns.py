"""Columns of a table that selections read: numbers, places, groups; each that is missing ends with a sentence about the file."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.methods.selection.rows import regrouped, without_duplicates
from vitreous.methods.selection.settings import RowChoice
from vitreous.tables.columns import name_of
from vitreous.tables.table import Table


def numbers(table: Table, column: str, path: str) -> NDArray[np.float64]:
    """A column of numbers, by our name or its STAR label, also one of the optics table. path: where it was read from."""
    name = name_of(column)
    if name not in table and (table.optics is None or name not in table.optics):
        raise UserError(f"{path} has no column {column}; it has {', '.join(table)}")
    try:
        return np.asarray(table.optics_column(name), np.float64)
    except ValueError:
        raise UserError(f"the column {column} of {path} does not hold numbers: choose another with --column") from None


def image_names(table: Table, column: str, path: str) -> list[str]:
    """The images that a column names."""
    name = name_of(column)
    if name not in table:
        raise UserError(f"{path} has no column {column} that names images; it has {', '.join(table)}")
    return [str(value) for value in table[name]]


def singles(table: Table, choice: RowChoice, path: str) -> NDArray[np.intp]:
    """The rows that are left when particles at the same place are one."""
    for name, label in (("x_px", "rlnCoordinateX"), ("y_px", "rlnCoordinateY"), ("micrograph", "rlnMicrographName")):
        if name not in table:
            raise UserError(f"{path} has no column {label}, so duplicates cannot be found")
    pixel: float | NDArray[np.float64] = choice.coordinate_pixel_size_A
    if choice.coordinate_pixel_size_A <= 0:
        known = [n for n in ("micrograph_pixel_size_A", "original_pixel_size_A") if table.optics and n in table.optics]
        if not known:
            raise UserError(f"{path} does not say the micrographs' pixel size: give it with --coordinate-pixel-size-a")
        pixel = np.asarray(table.optics_column(known[0]), np.float64)
    x = table["x_px"] * pixel - table.get("origin_x_A", 0.0)
    y = table["y_px"] * pixel - table.get("origin_y_A", 0.0)
    groups = list(table.split_by("micrograph").values())
    return without_duplicates(groups, x.astype(np.float64), y.astype(np.float64), distance_A=choice.duplicate_distance_A)


def in_new_groups(particles: Table, scales: Mapping[int, float], *, count: int, path: str) -> Table:
    """The particles with a group name for each of about `count` groups; the numbers of the groups they came from go.

    scales: the factor of the signal of each group, by its number.
    """
    of = next((name for name in ("group_number", "group_name", "micrograph") if name in particles), None)
    if of is None:
        raise UserError(f"the particles of {path} have neither groups nor micrographs, so that they cannot be regrouped")
    numbered = of == "group_number"
    groups = particles[of].astype(np.int64) if numbered else np.unique(particles[of], return_inverse=True)[1]
    optics = particles.get("optics_group", 1).astype(np.int64)
    new = regrouped(groups, optics, scales if numbered else {}, count=count)
    digits = len(str(int(new.max())))
    named = particles.with_(group_name=np.array([f"group_{number:0{digits}d}" for number in new], object))
    return named.without("group_number") if "group_number" in named else named
