"""Picks on disk, in both conventions: a table of coordinate files, or a coords_suffix file that only says how they end."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import star
from vitreous.tables.places import below_job, without_suffix
from vitreous.tables.table import Table

PREFIX = "coords_suffix"
_PLAIN = ("rlnCoordinateX", "rlnCoordinateY", "rlnAutopickFigureOfMerit")


@dataclass(frozen=True)
class Spots:
    """The picks of one micrograph at a look: pixels, and scores (not a number where there are none)."""

    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    score: NDArray[np.float64]


def files_of(path: str | os.PathLike[str], micrographs: Sequence[str] | None, *, must_exist: bool = True) -> dict[str, Path]:
    """The coordinate file of each micrograph that has one; micrographs None: of all that a coordinate_files table lists.

    must_exist=False names those files of a table that are missing, too. path is a coordinate_files table (autopick.star),
    or coords_suffix_NAME.star, whose neighbours are called <micrograph without its job>_NAME.star.
    """
    where = Path(path)
    if not where.is_file():
        raise UserError(f"there are no coordinates at {where}: name the autopick.star or coords_suffix file of a picking job")
    if where.name.startswith(PREFIX):
        ending = where.name.removeprefix(PREFIX)
        named = {name: where.parent / (without_suffix(below_job(name)) + ending) for name in micrographs or ()}
        return {name: file for name, file in named.items() if file.is_file()}
    return _listed(where, micrographs, must_exist=must_exist)


def file_in(folder: Path, micrograph: str, word: str) -> Path:
    """Where a job's picks of a micrograph go: its path less the job that made it, and _WORD.star for its suffix."""
    return folder / (without_suffix(below_job(micrograph)) + f"_{word}.star")


def _listed(where: Path, micrographs: Sequence[str] | None, *, must_exist: bool) -> dict[str, Path]:
    table = star.read_table(where, optics="optional")
    if "coordinates_file" not in table or "micrograph" not in table:
        raise UserError(
            f"{where} lists no coordinate files (it lacks rlnMicrographName or rlnMicrographCoordinates): "
            "name the autopick.star or coords_suffix file of a picking job"
        )
    listed = {str(m): Path(str(f)) for m, f in zip(table["micrograph"], table["coordinates_file"], strict=True)}
    wanted = set(listed if micrographs is None else micrographs)
    for row, (name, file) in enumerate(listed.items(), 1):
        if must_exist and name in wanted and not file.is_file():
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


def spots(path: str | os.PathLike[str]) -> Spots:
    """The picks in a file without its other columns: ten times faster than `read` where there is one plain table of numbers."""
    where = Path(path)
    try:
        found = _plain_spots(where.read_bytes()) if where.suffix == ".star" else None
    except OSError as error:
        raise UserError(f"cannot read {where}: {error.strerror}") from error
    if found is None:
        table = read(where)
        score = table["pick_fom"] if "pick_fom" in table else np.full(len(table), np.nan)
        found = Spots(*(np.asarray(values, np.float64) for values in (table["x_px"], table["y_px"], score)))
    return found


def _plain_spots(text: bytes) -> Spots | None:
    """None for what is not one loop of numbers."""
    head, loop, body = text.partition(b"loop_")
    if not loop or b"loop_" in body or head.count(b"data_") != 1:
        return None
    labels, at = [], 0
    lines = body.split(b"\n", 64)
    for at, line in enumerate(lines):  # noqa: B007 - where the labels end is used below
        words = line.split()
        if words and not words[0].startswith(b"_"):
            break
        labels += [words[0][1:].decode("ascii", "replace")] if words else []
    if not {"rlnCoordinateX", "rlnCoordinateY"} <= set(labels):
        return None
    numbers = b"\n".join(lines[at:]).split()
    try:
        values = np.array(numbers, dtype="S").astype(np.float64) if len(lines[at:]) > 1 or lines[at].strip() else np.zeros(0)
        rows = values.reshape(-1, len(labels))
    except ValueError:
        return None
    nothing = np.full(len(rows), np.nan)
    columns = [rows[:, labels.index(label)] if label in labels else nothing for label in _PLAIN]
    return Spots(*columns)


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
