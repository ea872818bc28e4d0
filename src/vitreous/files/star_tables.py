"""Tables out of STAR blocks and back: our column names, optics beside the rows, files of RELION 3.0 upgraded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import mrc
from vitreous.files.star_blocks import Block, StarFile
from vitreous.tables.columns import BY_LABEL, label_of, name_of
from vitreous.tables.table import Table

WITH_OPTICS = ("movies", "micrographs", "particles")
_TELLTALE = {  # the column by which the kind of a nameless block is known, the first that is there
    "image": "particles",
    "movie": "movies",
    "x_px": "coordinates",
    "micrograph": "micrographs",
}
# columns that stood in each row up to RELION 3.0 and stand in the optics table since
_MOVED = ("voltage_kV", "cs_mm", "amplitude_contrast", "beam_tilt_x_mrad", "beam_tilt_y_mrad", "mtf_path")
_SHIFTS = {
    "origin_x_px": "origin_x_A",
    "origin_y_px": "origin_y_A",
    "origin_z_px": "origin_z_A",
    "origin_x_prior_px": "origin_x_prior_A",
    "origin_y_prior_px": "origin_y_prior_A",
    "origin_z_prior_px": "origin_z_prior_A",
}


@dataclass(frozen=True)
class Others:
    """The blocks of a file that are neither its optics nor its table, by where they stood, and the last comments."""

    before: tuple[Block, ...] = ()
    after: tuple[Block, ...] = ()
    tail: tuple[str, ...] = ()


def to_table(path: Path, file: StarFile, *, kind: str | None, need_optics: bool) -> Table:
    """The table of a file; see star.read_table."""
    block = _choose(path, file, kind)
    columns = named(block)
    word = (kind or "").split(".")[0] or block.name
    if not kind and word in ("", "images"):
        word = next((w for column, w in _TELLTALE.items() if column in columns), word)
    optics_block = next((b for b in file if b.name == "optics" and b.loop), None)
    optics = Table(named(optics_block), "optics") if optics_block is not None else None
    table = Table(columns, word, optics, _others(file, block, optics_block))
    if optics is None:
        table = _upgraded(table)
    else:
        _check_groups(path, table)
    if need_optics and word in WITH_OPTICS and table.optics is None:
        raise UserError(
            f"{path} has no optics table (data_optics) and no rlnVoltage in its rows, so voltage, spherical aberration "
            "and pixel size are unknown: import it again with these values, or add the table to the file"
        )
    return table


def _choose(path: Path, file: StarFile, kind: str | None) -> Block:
    """The block that holds the table."""
    loops = [b for b in file if b.loop and b.name not in ("optics", "general")]
    if not loops:
        loops = [b for b in file if not b.loop and b.name not in ("optics", "general") and b.values]
    wanted = (kind or "").split(".")[0]
    for block in loops:
        if wanted and block.name == wanted:
            return block
    for block in loops:
        if not wanted or block.name in ("", "images") or (wanted == "coordinates" and block.name == "coordinate_files"):
            return block
    if not file.blocks:
        raise UserError(f"{path} is empty or no STAR file: no line begins with data_")
    there = ", ".join(f"data_{name}" for name in file.names())
    raise UserError(f"{path} has no table data_{wanted or ''}; it holds {there}: choose another file")


def named(block: Block) -> dict[str, Any]:
    """Columns under our names; a list becomes one row."""
    if not block.loop:
        from_list = {label: np.array([value], object) for label, value in block.values.items()}
        return {name_of(label): values for label, values in from_list.items()}
    return {name_of(label): _as_bool(label, values) for label, values in block.columns.items()}


def _as_bool(label: str, values: NDArray[Any]) -> NDArray[Any]:
    if label in BY_LABEL and BY_LABEL[label].type == "bool" and values.dtype.kind == "i":
        return values.astype(bool)
    return values


def _others(file: StarFile, block: Block, optics: Block | None) -> Others | None:
    """What else the file holds, for writing it back."""
    at = next(i for i, b in enumerate(file.blocks) if b is block)
    before = tuple(b for b in file.blocks[:at] if b is not optics)
    after = tuple(b for b in file.blocks[at + 1 :] if b is not optics)
    tail = tuple(line for line in file.tail if line.strip())
    return Others(before, after, tail) if before or after or tail else None


def _check_groups(path: Path, table: Table) -> None:
    """Each row's optics group must be in the optics table."""
    if table.optics is None or "optics_group" not in table or "optics_group" not in table.optics:
        return
    known = set(table.optics["optics_group"].tolist())
    groups = table["optics_group"]
    missing = [group for group in np.unique(groups).tolist() if group not in known]
    if missing:
        row = int(np.flatnonzero(groups == missing[0])[0]) + 1
        raise UserError(
            f"{path}: row {row} is of optics group {missing[0]}, which is not among the {len(known)} rows of data_optics: "
            "add the group there or correct rlnOpticsGroup"
        )


def _upgraded(table: Table) -> Table:
    """A table of RELION 3.0 or older in today's form: optics groups out of per-row columns, shifts in Å."""
    if table.kind not in WITH_OPTICS or ("voltage_kV" not in table and "magnification" not in table):
        return table
    pixel_name = {"movies": "original_pixel_size_A", "micrographs": "micrograph_pixel_size_A"}.get(table.kind, "pixel_size_A")
    moved: dict[str, NDArray[Any]] = {name: table[name] for name in _MOVED if name in table}
    pixel = _pixel_size(table, pixel_name)
    if pixel is not None:
        moved[pixel_name] = pixel
    if not moved:
        return table
    groups, first = _groups(list(moved.values()), len(table))
    optics = {
        "optics_group_name": np.array([f"opticsGroup{i + 1}" for i in range(len(first))], object),
        "optics_group": np.arange(1, len(first) + 1),
        **{name: values[first] for name, values in moved.items()},
    }
    if table.kind == "particles":
        optics["dimensions"] = np.full(len(first), 2)
        boxes = [_box(str(name)) for name in table["image"][first]] if "image" in table else [None]
        if None not in boxes:
            optics["box"] = np.array(boxes, np.int64)
    added: dict[str, NDArray[Any]] = {"optics_group": groups + 1}
    if pixel is not None:
        added |= {new: table[old] * pixel for old, new in _SHIFTS.items() if old in table and new not in table}
    gone = [*moved, "magnification", "detector_pixel_size_um", *(o for o, n in _SHIFTS.items() if n in added)]
    return table.without(*gone).with_(**added).with_optics(Table(optics, "optics"))


def _box(name: str) -> int | None:
    """The side of an image, where its stack is at hand; files of 3.0 do not say it."""
    try:
        return mrc.read_header(mrc.split_name(name)[1]).shape[2]
    except UserError:
        return None


def _pixel_size(table: Table, name: str) -> NDArray[Any] | None:
    """Å a pixel in each row: stated as such, or detector pixel (µm) over magnification."""
    for stated in (name, "pixel_size_A", "plain_pixel_size_A", "micrograph_pixel_size_A", "original_pixel_size_A"):
        if stated in table:
            return table[stated]
    if "magnification" in table and "detector_pixel_size_um" in table:
        return np.round(1e4 * table["detector_pixel_size_um"] / table["magnification"], 6)
    return None


def _groups(values: Sequence[NDArray[Any]], length: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """A group number for each row, by equal values in all columns and order of appearance; and each group's first row."""
    number = np.zeros(length, np.intp)
    for column in values:
        _, inverse = np.unique(column, return_inverse=True)
        number = np.unique(number * (int(inverse.max(initial=0)) + 1) + inverse, return_inverse=True)[1]
    _, first = np.unique(number, return_index=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[number], first[order]


def to_file(table: Table, version: int) -> StarFile:
    """A table as a file: optics, then the rows, with the other blocks that it was read with."""
    head = (f"# version {version}", "")
    others = table.extra if isinstance(table.extra, Others) else Others()
    blocks = list(others.before)
    if table.optics is not None:
        blocks.append(block_of("optics", table.optics, head))
    blocks.append(block_of(table.kind.split(".")[0], table, head))
    return StarFile([*blocks, *others.after], tail=others.tail)


def block_of(name: str, table: Table, head: tuple[str, ...]) -> Block:
    """A table as a loop under STAR labels; head are the comments before it."""
    columns = {label_of(column): _as_int(values) for column, values in table.columns.items()}
    return Block(name, columns=columns, comments=head)


def _as_int(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.int64) if values.dtype == bool else values
