"""Picks on disk, in both conventions: a table of coordinate files, or a coords_suffix file that only says how they end."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from vitreous.context import UserError
from vitreous.files import star
from vitreous.tables.places import below_job, without_suffix
from vitreous.tables.table import Table

PREFIX = "coords_suffix"


def files_of(path: str | os.PathLike[str], micrographs: Sequence[str]) -> dict[str, Path]:
    """The coordinate file of each micrograph that has one.

    path is a coordinate_files table (autopick.star), or coords_suffix_NAME.star, whose neighbours are called
    <micrograph without its job>_NAME.star.
    """
    where = Path(path)
    if not where.is_file():
        raise UserError(f"there are no coordinates at {where}: name the autopick.star or coords_suffix file of a picking job")
    if where.name.startswith(PREFIX):
        ending = where.name.removeprefix(PREFIX)
        named = {name: where.parent / (without_suffix(below_job(name)) + ending) for name in micrographs}
        return {name: file for name, file in named.items() if file.is_file()}
    return _listed(where, micrographs)


def file_in(folder: Path, micrograph: str, word: str) -> Path:
    """Where a job's picks of a micrograph go: its path less the job that made it, and _WORD.star for its suffix."""
    return folder / (without_suffix(below_job(micrograph)) + f"_{word}.star")


def _listed(where: Path, micrographs: Sequence[str]) -> dict[str, Path]:
    table = star.read_table(where, optics="optional")
    if "coordinates_file" not in table or "micrograph" not in table:
        raise UserError(
            f"{where} lists no coordinate files (it lacks rlnMicrographName or rlnMicrographCoordinates): "
            "name the autopick.star or coords_suffix file of a picking job"
        )
    wanted = set(micrographs)
    listed = {str(m): Path(str(f)) for m, f in zip(table["micrograph"], table["coordinates_file"], strict=True)}
    for row, (name, file) in enumerate(listed.items(), 1):
        if name in wanted and not file.is_file():
            raise UserError(f"{where}, row {row}: there is no file {file}: pick again, or take the row out")
    return {name: file for name, file in listed.items() if name in wanted}


def read(path: str | os.PathLike[str]) -> Table:
    """The picks in a .star or EMAN .box file: x_px, y_px (centres, 0-based) and what else the file holds."""
    where = Path(path)
    if where.suffix == ".box":
        return _boxes(where)
    table = star.read_table(where, "coordinates", optics="optional")
    if "x_px" not in table or "y_px" not in table:
        raise UserError(f"{where} has no columns rlnCoordinateX and rlnCoordinateY: it is no file of coordinates")
    return Table(table.columns)


def _boxes(where: Path) -> Table:
    """EMAN's boxes: corner x, corner y, width, height in each line."""
    corners = []
    for number, line in enumerate(where.read_text().splitlines(), 1):
        words = line.split()
        if not words:
            continue
        try:
            x, y, width, height = (float(word) for word in words[:4])
        except ValueError:
            raise UserError(f"{where}, line {number}: {line.strip()!r} is not x, y, width and height of a box") from None
        corners.append((x + width / 2, y + height / 2))
    places = np.array(corners, float).reshape(-1, 2)
    return Table({"x_px": places[:, 0], "y_px": places[:, 1]})


def write(path: str | os.PathLike[str], picks: Table) -> None:
    """Write the picks of one micrograph: one nameless block."""
    star.write_table(path, picks.as_kind("").with_optics(None))


def write_list(path: str | os.PathLike[str], files: Mapping[str, str]) -> None:
    """Write the coordinate_files table: micrograph -> file."""
    columns = {"micrograph": np.array(list(files), object), "coordinates_file": np.array(list(files.values()), object)}
    star.write_table(path, Table(columns, "coordinate_files"))
