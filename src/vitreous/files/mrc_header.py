"""The 1024 bytes at the head of an MRC file: read with all checks, and made."""

import bz2
import gzip
import io
import math
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError

LENGTH = 1024
PathLike = str | os.PathLike[str]
Kind = Literal["image", "stack", "volume"]

_TYPES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_MODES = {"int8": 0, "int16": 1, "float32": 2, "uint16": 6, "float16": 12}
_NAMES = {3: "complex int16", 4: "complex float32"}
_IMOD_STAMP = 1146047817
_COMPRESSED = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open}


@dataclass(frozen=True)
class Header:
    """What an MRC header says. shape is (n or z, y, x); pixel_size_A is 0 where the file does not know it.

    start: the place of the first voxel along x, y, z in voxels of the cell; origin_A: the same in Å, where it is given.
    """

    path: Path
    shape: tuple[int, int, int]
    mode: int
    pixel_size_A: float
    dtype: np.dtype[Any]
    offset: int
    is_volume: bool
    axes: tuple[int, int, int]
    origin_A: tuple[float, float, float]
    start: tuple[int, int, int]
    extended: str
    compressed: bool

    @property
    def section_bytes(self) -> int:
        """Bytes of one image or slice; mode 101 packs two pixels into a byte, each row by itself."""
        _, y, x = self.shape
        return y * ((x + 1) // 2) if self.mode == 101 else y * x * self.dtype.itemsize


def plain_path(path: PathLike) -> Path:
    """The path without a ":mrc" or ":mrcs" suffix, by which RELION names the format of a file."""
    text = os.fspath(path)
    head, _, suffix = text.rpartition(":")
    return Path(head if head and suffix.lower() in ("mrc", "mrcs", "map", "tif", "tiff", "eer") else text)


def open_bytes(path: Path) -> IO[bytes]:
    """The file, unpacked on the way if it is gzip or bzip2 (known by its first bytes)."""
    try:
        with path.open("rb") as file:
            magic = file.read(2)
        opener: Any = _COMPRESSED.get(magic, open)
        return opener(path, "rb")  # type: ignore[no-any-return]
    except FileNotFoundError:
        raise UserError(f"there is no file {path}: check the path, which counts from {Path.cwd()}") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def read_header(path: PathLike) -> Header:
    """The header of an MRC file, checked: format, mode, and that the file is as long as it must be."""
    file_path = plain_path(path)
    with open_bytes(file_path) as file:
        try:
            head = file.read(LENGTH)
        except (OSError, EOFError) as error:
            raise UserError(f"{file_path} cannot be unpacked ({error}): copy it again") from error
        compressed = not isinstance(file, io.BufferedReader)
    header = _parse(file_path, head, compressed)
    if not compressed:
        needed, there = header.offset + header.shape[0] * header.section_bytes, file_path.stat().st_size
        if there < needed:
            raise UserError(
                f"{file_path} is cut short: its header asks for {needed:,} bytes and it has {there:,}; copy or write it again"
            )
    return header


def _parse(path: Path, head: bytes, compressed: bool) -> Header:
    if len(head) < LENGTH:
        said = "is empty" if not head else f"has {len(head)} bytes"
        raise UserError(f"{path} {said}, too short for an MRC file: copy or write it again")
    order = _byte_order(path, head)
    nx, ny, nz, mode, *starts, mx, _, mz = struct.unpack_from(f"{order}10i", head)
    cell_x = struct.unpack_from(f"{order}f", head, 40)[0]
    axes = struct.unpack_from(f"{order}3i", head, 64)
    axes = axes if sorted(axes) == [1, 2, 3] else (1, 2, 3)
    space_group, extended_bytes = struct.unpack_from(f"{order}2i", head, 88)
    if min(nx, ny, nz) < 1 or extended_bytes < 0:
        raise UserError(f"{path} is no MRC file: its header gives {nx} x {ny} x {nz} pixels")
    if mode not in _TYPES and mode != 101:
        kind = _NAMES.get(mode, "unknown")
        raise UserError(f"{path} has MRC mode {mode} ({kind}), which cannot be read; convert it to mode 2 (float32)")
    kind = "u1" if mode == 101 or (mode == 0 and _unsigned_bytes(head, order)) else _TYPES[mode]
    pixel = cell_x / mx if mx > 0 and math.isfinite(cell_x) and cell_x > 0 else 0.0
    return Header(
        path=path,
        shape=(nz, ny, nx),
        mode=mode,
        pixel_size_A=round(pixel, 6),
        dtype=np.dtype(order + kind),
        offset=LENGTH + extended_bytes,
        is_volume=nz > 1 and space_group != 0 and mz == nz,
        axes=axes,
        origin_A=struct.unpack_from(f"{order}3f", head, 196),
        start=(starts[axes.index(1)], starts[axes.index(2)], starts[axes.index(3)]),
        extended=head[104:108].decode("ascii", "replace").strip("\0 ") if extended_bytes else "",
        compressed=compressed,
    )


def _byte_order(path: Path, head: bytes) -> str:
    """Little or big: by the machine stamp, or by which order gives a sensible mode."""
    if head[212] in (0x44, 0x11):
        return "<" if head[212] == 0x44 else ">"
    for order in "<>":
        sizes = struct.unpack_from(f"{order}4i", head)
        if (sizes[3] in _TYPES or sizes[3] in (3, 4, 101)) and all(0 < size < 1 << 20 for size in sizes[:3]):
            return order
    raise UserError(f"{path} is no MRC file: its header makes no sense in either byte order")


def _unsigned_bytes(head: bytes, order: str) -> bool:
    """True where IMOD's flags say that the bytes of mode 0 are unsigned."""
    stamp, flags = struct.unpack_from(f"{order}2i", head, 152)
    return bool(stamp == _IMOD_STAMP and not flags & 1)


def make_header(
    shape: tuple[int, int, int], kind: Kind, *, dtype: str, pixel_size_A: float, statistics: tuple[float, float, float, float]
) -> bytes:
    """A header for little-endian data of shape (n or z, y, x); statistics are minimum, maximum, mean and deviation.

    A volume has space group 1 and as many intervals in z as slices; images and stacks have space group 0 and one.
    """
    z, y, x = shape
    depth = z if kind == "volume" else 1
    head = bytearray(LENGTH)
    struct.pack_into("<10i", head, 0, x, y, z, mode_of(dtype), 0, 0, 0, x, y, depth)
    struct.pack_into("<6f", head, 40, x * pixel_size_A, y * pixel_size_A, depth * pixel_size_A, 90, 90, 90)
    struct.pack_into("<3i", head, 64, 1, 2, 3)
    struct.pack_into("<3f", head, 76, *statistics[:3])
    struct.pack_into("<2i", head, 88, 1 if kind == "volume" else 0, 0)
    struct.pack_into("<i", head, 108, 20140)
    if dtype == "uint8":
        struct.pack_into("<2i", head, 152, _IMOD_STAMP, 0)
    head[208:216] = b"MAP \x44\x44\x00\x00"
    struct.pack_into("<fi", head, 216, statistics[3], 1)
    head[224:304] = b"Written by vitreous".ljust(80)
    return bytes(head)


def mode_of(dtype: str) -> int:
    """The MRC mode in which a type is written; uint8 is mode 0 with IMOD's mark for unsigned bytes."""
    if dtype == "uint8":
        return 0
    if dtype not in _MODES:
        raise ValueError(f"MRC files cannot hold {dtype}; choose one of uint8, {', '.join(_MODES)}")
    return _MODES[dtype]


def as_type(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Values in the type in which they are written; whole-number types are rounded, and must have room for them."""
    target = np.dtype(dtype).newbyteorder("<")
    if target.kind == "f":
        return np.ascontiguousarray(values, target)
    limits = np.iinfo(target)
    low, high = (0, 127) if dtype == "uint8" else (limits.min, limits.max)  # RELION takes the bytes of mode 0 as signed
    rounded = np.rint(values) if values.dtype.kind == "f" else values
    if rounded.size and not (low <= rounded.min() and rounded.max() <= high):
        raise ValueError(f"values from {values.min()} to {values.max()} do not fit {dtype}, which goes from {low} to {high}")
    return np.ascontiguousarray(rounded, target)
