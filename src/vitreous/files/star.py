"""STAR files in and out: lossless for what is not understood, quick for large tables; this is the room's front door."""

import os
from pathlib import Path
from typing import Literal

from vitreous.context import UserError
from vitreous.files import atomic, star_scan, star_tables, star_write
from vitreous.files.star_blocks import BadRow, Block, StarFile, list_block, loop_block
from vitreous.tables.table import Table

__all__ = [
    "BadRow",
    "Block",
    "StarFile",
    "list_block",
    "loop_block",
    "read",
    "read_list",
    "read_table",
    "write",
    "write_table",
]

PathLike = str | os.PathLike[str]
BadRows = Literal["raise", "skip"]

HEAD_BYTES = 4096


def read(path: PathLike, *, bad_rows: BadRows = "raise") -> StarFile:
    """All blocks of a file, in order, with their comments.

    A line that cannot be read raises a UserError with file, line and text; with bad_rows="skip" it is left out and
    listed in `skipped`. Columns that the dictionary of columns (docs/columns.md) knows as numbers are numbers; all
    others are text and are written back as they stood.
    """
    file = star_scan.scan(_contents(Path(path)))
    if file.skipped and bad_rows == "raise":
        bad = file.skipped[0]
        more = f" ({len(file.skipped) - 1} more such lines)" if len(file.skipped) > 1 else ""
        text = bad.text.strip()
        shown = text if len(text) <= 120 else text[:117] + "..."
        cure = "correct the line or take it out (in Python, bad_rows='skip' leaves it out and lists it)"
        raise UserError(f"{path}, line {bad.line}: {shown!r} {bad.reason}{more}: {cure}")
    return file


def _contents(path: Path) -> bytes:
    """The bytes of a file. Not mapped: a file that another program cuts while it is mapped would end this one."""
    try:
        contents = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"there is no file {path}: check the path, which counts from {Path.cwd()}") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    if b"\0" in contents[:HEAD_BYTES]:
        raise UserError(f"{path} is no STAR file: it holds bytes that are not text, as an image does; name a .star file")
    return contents


def write(path: PathLike, star_file: StarFile) -> None:
    """Write blocks in their order. Floats get six decimals, those below 0.1 seven figures; text is quoted as needed."""
    with atomic.writing(path) as file:
        star_write.write_to(file, star_file)


def read_table(
    path: PathLike,
    kind: str | None = None,
    *,
    bad_rows: BadRows = "raise",
    optics: Literal["needed", "optional"] = "needed",
) -> Table:
    """One table of a file under our column names (tables/columns.py), with its optics table beside it.

    kind is movies, micrographs, particles, coordinates or any block's name; it picks the block (`data_` and
    `data_images` of older files are taken too). Without it the first table is taken. Files of RELION 3.0 are upgraded:
    optics groups are made of their per-row columns, rlnOriginX in pixels becomes origin_x_A. With a kind that has
    optics, a file that has none is an error unless optics="optional". The other blocks travel in Table.extra.
    """
    file = read(path, bad_rows=bad_rows)
    return star_tables.to_table(Path(path), file, kind=kind, need_optics=bool(kind) and optics == "needed")


def write_table(path: PathLike, table: Table, *, version: int = 30001) -> None:
    """Write a table as RELION does: data_optics, then data_KIND, each after `# version`."""
    write(path, star_tables.to_file(table, version))


def read_list(path: PathLike, block: str) -> dict[str, str]:
    """The labels and values of a block without loop, as text; a loop of one row is taken too."""
    file = read(path)
    if block not in file:
        there = ", ".join(f"data_{name}" for name in file.names()) or "no block at all"
        raise UserError(f"{path} has no block data_{block}; it has {there}: choose another file")
    found = file[block]
    if found.loop and len(found) > 1:
        raise UserError(f"{path}: data_{block} is a table of {len(found)} rows where a list of values is expected")
    return {label: str(value) for row in found.rows() for label, value in row.items()}
