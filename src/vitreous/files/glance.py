"""A quick look at a table: how many rows, what its first row says; without reading the whole of a large one."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import mrc, star_scan
from vitreous.files.mrc_header import Header, plain_path
from vitreous.files.star_blocks import Block, StarFile

_HEAD_BYTES = 256 * 1024
_PIECE_BYTES = 16 * 2**20
_NEW_COLUMNS_BYTES = 120  # of a row: angles, origins, class and likelihood as text


@dataclass(frozen=True)
class Glance:
    """The number of rows in a table, its first row by RELION's labels, and the size of the file."""

    rows: int
    first: dict[str, Any]
    bytes: int


@dataclass(frozen=True)
class Particles:
    """How many particles a table names, the side of their images in pixels, and bytes of a pixel on disk."""

    count: int
    box_px: int
    pixel_bytes: float
    table_bytes: int


def table(path: str | os.PathLike[str], kind: str) -> Glance:
    """A look at the table data_KIND of a file, or at its last table where it has none of that name."""
    file, rows = head(path)
    loops = [block for block in file if block.loop and block.columns]
    chosen: Block | None = next((block for block in loops if block.name == kind), loops[-1] if loops else None)
    size = Path(path).stat().st_size
    if chosen is None:
        return Glance(0, {}, size)
    return Glance(rows if chosen is loops[-1] else len(chosen), next(iter(chosen.rows()), {}), size)


def head(path: str | os.PathLike[str], *, head_bytes: int = _HEAD_BYTES) -> tuple[StarFile, int]:
    """The blocks of a file as far as its first bytes tell, and how many rows the last table has when all lines are counted."""
    where = Path(path)
    more = 0
    try:
        with where.open("rb") as file:
            first = file.read(head_bytes)
            if len(first) == head_bytes:
                first, _, tail = first.rpartition(b"\n")
                more = _lines(file, tail)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    blocks = star_scan.scan(first + b"\n")
    loops = [block for block in blocks if block.loop and block.columns]
    return blocks, len(loops[-1]) + more if loops else 0


def _lines(file: Any, tail: bytes) -> int:
    """Lines in the rest of a file, whose first line began with `tail`, without the empty ones at its end."""
    piece = bytearray(_PIECE_BYTES)  # one for all, since fresh memory costs more than the reading
    count, last = 0, tail
    while got := file.readinto(piece):
        count += piece.count(b"\n", 0, got)
        last = (last + bytes(piece[max(0, got - 4096) : got]))[-4096:]
    written = last.rstrip()
    empty = last[len(written) :].count(b"\n") - 1
    return count - max(empty, 0) + (bool(written) and empty < 0)


def values(path: str | os.PathLike[str], kind: str) -> dict[str, Any]:
    """The values of the list data_KIND that stands in the first part of a file; empty where there is none, or no such file."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEAD_BYTES // 8)
    except OSError:
        return {}
    found = next((block for block in star_scan.scan(head.rpartition(b"\n")[0] + b"\n") if block.name == kind), None)
    return {} if found is None or found.loop else dict(next(iter(found.rows()), {}))


def particles(path: str | os.PathLike[str]) -> Particles | None:
    """How many particles a table names and how large their images are; None where that cannot be told at a glance."""
    seen = table(path, "particles")
    name = str(seen.first.get("rlnImageName", ""))
    header = _header(name)
    if not seen.rows or header is None:
        return None
    return Particles(seen.rows, header.shape[2], header.section_bytes / (header.shape[1] * header.shape[2]), seen.bytes)


def iteration_bytes(path: str | os.PathLike[str], *, images: int = 0, maps: int = 0) -> int:
    """Bytes of the files of one iteration over the particles of a table: the table with new columns, images and maps of
    32-bit floats with the particles' box; 0 where that cannot be told."""
    seen = particles(path)
    if seen is None:
        return 0
    return seen.table_bytes + _NEW_COLUMNS_BYTES * seen.count + 4 * (images * seen.box_px**2 + maps * seen.box_px**3)


def _header(name: str) -> Header | None:
    if not name:
        return None
    path = plain_path(mrc.split_name(name)[1])
    try:
        return mrc.read_header(path)
    except UserError:
        return None
