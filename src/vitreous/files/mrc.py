"""MRC images, stacks and volumes: modes 0, 1, 2, 6, 12 and 101, plain or gzip or bzip2; rows from the first in the file."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import mrcfile
import numpy as np
from numpy.typing import ArrayLike, NDArray

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.files.mrc_header import Header, Kind, PathLike, as_type, make_header, open_bytes, plain_path, read_header

__all__ = [
    "Header",
    "read_header",
    "read_image",
    "read_metadata",
    "read_sections",
    "read_stack",
    "read_volume",
    "split_name",
    "write_image",
    "write_stack",
    "write_volume",
]

Floats = NDArray[np.float32]
Dtype = Literal["float32", "float16", "uint8", "int8", "int16", "uint16"]


def split_name(name: str) -> tuple[int | None, str]:
    """ "000003@path/stack.mrcs" -> (3, "path/stack.mrcs"); a name without index gives None."""
    index, at, path = name.partition("@")
    if not at:
        return None, name
    if not index.strip().isdecimal():
        raise UserError(f"{name!r} is no image name: before the @ stands the image's number in the stack, from 1")
    return int(index), path


def read_sections(header: Header, indices: Sequence[int] | NDArray[Any] | None = None) -> NDArray[Any]:
    """Images or slices by index from 0, in their type on disk (mode 101: uint8), as (n, y, x)."""
    count, y, x = header.shape
    chosen = np.arange(count) if indices is None else np.asarray(indices, np.intp).reshape(-1)
    if len(chosen) and not (chosen.min() >= 0 and chosen.max() < count):
        wrong = int(chosen[(chosen < 0) | (chosen >= count)][0])
        raise UserError(f"{header.path} holds {count} images; there is no image {wrong + 1}")
    raw = np.empty((len(chosen), header.section_bytes), np.uint8)
    with open_bytes(header.path) as file:
        at = 0
        while at < len(chosen):  # runs of neighbours are read at once
            stop = at + 1
            while stop < len(chosen) and chosen[stop] == chosen[stop - 1] + 1:
                stop += 1
            try:
                file.seek(header.offset + int(chosen[at]) * header.section_bytes)
                got = _read_into(file, raw[at:stop])
                if header.compressed and stop == len(chosen):
                    file.read(1)  # past the last image, so that the check sum is looked at
            except (OSError, EOFError) as error:
                raise UserError(f"{header.path} cannot be read to its end ({error}): copy or write it again") from error
            if got < (stop - at) * header.section_bytes:
                raise UserError(f"{header.path} is cut short: it ends before image {int(chosen[at]) + 1} does; copy it again")
            at = stop
    if header.mode == 101:
        return unpack_nibbles(raw.reshape(len(chosen), y, -1), x)
    return raw.view(header.dtype).reshape(len(chosen), y, x)


def _read_into(file: Any, target: NDArray[np.uint8]) -> int:
    view, got = target.data.cast("B"), 0
    while got < len(view) and (count := file.readinto(view[got : got + (1 << 27)])):
        got += count
    return got


def unpack_nibbles(packed: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Two pixels out of each byte, the low four bits first: (..., (width + 1) // 2) -> (..., width)."""
    pixels = np.empty((*packed.shape[:-1], packed.shape[-1] * 2), np.uint8)
    np.bitwise_and(packed, 15, out=pixels[..., 0::2])
    np.right_shift(packed, 4, out=pixels[..., 1::2])
    return pixels[..., :width]


def read_stack(path: PathLike, indices: Sequence[int] | NDArray[Any] | None = None) -> tuple[Floats, float]:
    """All images of a stack, or those of `indices` (from 0), as float32 (n, y, x); and the pixel size in Å (0: unknown)."""
    header = read_header(path)
    return _floats(read_sections(header, indices)), header.pixel_size_A


def read_image(path: PathLike) -> tuple[Floats, float]:
    """One image as float32 (y, x), and its pixel size in Å. The path may be index@stack, index from 1."""
    index, name = split_name(os.fspath(path))
    header = read_header(name)
    if index is None and header.shape[0] != 1:
        raise UserError(f"{name} holds {header.shape[0]} images or slices where one image is expected: choose another file")
    return _floats(read_sections(header, [0 if index is None else index - 1]))[0], header.pixel_size_A


def read_volume(path: PathLike) -> tuple[Floats, float]:
    """A map as float32 (z, y, x), whatever the order of axes in the file, and its voxel size in Å (0: unknown)."""
    header = read_header(path)
    volume = _floats(read_sections(header))
    if header.axes != (1, 2, 3):  # axes say which of x, y, z (1, 2, 3) runs along columns, rows and sections
        sections_rows_columns = header.axes[::-1]
        volume = np.ascontiguousarray(np.transpose(volume, [sections_rows_columns.index(axis) for axis in (3, 2, 1)]))
    return volume, header.pixel_size_A


def _floats(pixels: NDArray[Any]) -> Floats:
    return np.ascontiguousarray(pixels, np.float32)


def write_image(path: PathLike, image: ArrayLike, *, pixel_size_A: float, dtype: Dtype = "float32") -> None:
    """Write (y, x) as an MRC image."""
    _write(path, np.asarray(image)[None], "image", pixel_size_A=pixel_size_A, dtype=dtype)


def write_stack(path: PathLike, images: ArrayLike, *, pixel_size_A: float, dtype: Dtype = "float32") -> None:
    """Write (n, y, x) as a stack of images; name it .mrcs, since RELION tells stacks from volumes by that."""
    _write(path, np.asarray(images), "stack", pixel_size_A=pixel_size_A, dtype=dtype)


def write_volume(path: PathLike, volume: ArrayLike, *, pixel_size_A: float, dtype: Dtype = "float32") -> None:
    """Write (z, y, x) as a map."""
    _write(path, np.asarray(volume), "volume", pixel_size_A=pixel_size_A, dtype=dtype)


def _write(path: PathLike, array: NDArray[Any], kind: Kind, *, pixel_size_A: float, dtype: str) -> None:
    if array.ndim != 3 or 0 in array.shape:
        raise ValueError(f"an MRC {kind} of shape {array.shape} cannot be written to {path}")
    pixels = as_type(array, dtype)
    head = make_header(
        (array.shape[0], array.shape[1], array.shape[2]),
        kind,
        dtype=dtype,
        pixel_size_A=pixel_size_A,
        statistics=statistics(pixels),
    )
    with atomic.writing(path) as file:
        file.write(head)
        file.write(pixels.data.cast("B"))


def statistics(pixels: NDArray[Any]) -> tuple[float, float, float, float]:
    """Minimum, maximum, mean and standard deviation, for a header; zeros where a pixel is not finite."""
    values = pixels.reshape(-1)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        return 0.0, 0.0, 0.0, 0.0
    return low, high, float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))


def read_metadata(path: PathLike) -> dict[str, Any]:
    """The fields of an FEI extended header (first image) by their names there, as plain values; {} without one."""
    if not read_header(path).extended.startswith("FEI"):
        return {}
    with mrcfile.open(plain_path(path), header_only=True, permissive=True) as file:
        rows = file.indexed_extended_header
        if rows is None or not len(rows):
            return {}
        values = {name: rows[name][0].item() for name in rows.dtype.names}
    return {name: v.decode("utf-8", "replace").rstrip("\0") if isinstance(v, bytes) else v for name, v in values.items()}


def is_mrc(path: Path) -> bool:
    """True if the name is one of an MRC file, compressed or not."""
    name = path.name.lower()
    for suffix in (".gz", ".bz2"):
        name = name.removesuffix(suffix)
    return name.endswith((".mrc", ".mrcs", ".map", ".ccp4", ".st", ".rec"))
