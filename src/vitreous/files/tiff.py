"""TIFF movies: LZW, deflate, zstd or plain; rows are turned over, since RELION takes the last row in the file as the first."""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tifffile
from numpy.typing import ArrayLike, NDArray

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.files.movie import Movie

Compression = Literal["lzw", "deflate", "zstd", "none"]
_WORDS = {"lzw": "lzw", "deflate": "adobe_deflate", "zstd": "zstd", "none": None}
_CM_A = 1e8  # Å in a centimetre, the unit of resolution in TIFF


class TiffMovie(Movie):
    """A TIFF file, one frame a page. It is opened anew for each reading, so it can travel between processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = check_pages(path)
        with open_tiff(path) as file:
            page = file.pages.first
            if len(page.shape) != 2:
                raise UserError(f"{path} has colours (its pages have the shape {page.shape}): frames must be grey")
            if page.dtype is None:
                raise UserError(f"{path} has pixels of {page.bitspersample} bits, which cannot be read: convert it")
            self.shape = (page.shape[0], page.shape[1])
            self.dtype = np.dtype(page.dtype)
            self.pixel_size_A = _pixel_size(page)
            size = path.stat().st_size
            for index, part in enumerate(file.pages):
                if max((o + c for o, c in zip(part.dataoffsets, part.databytecounts)), default=0) > size:
                    raise UserError(f"{path} is cut short within frame {index + 1} of {self.count}: copy or write it again")

    def read(self, first: int = 0, last: int | None = None) -> NDArray[Any]:
        with open_tiff(self.path) as file:
            self._pages: Any = file.pages
            try:
                return super().read(first, last)
            finally:
                del self._pages

    def _frame(self, index: int, out: NDArray[Any]) -> None:
        if not hasattr(self, "_pages"):
            out[:] = self.read(index, index + 1)[0]
            return
        try:
            # more workers slow it down (libraries measured it): one-row strips are too small to be worth a thread
            pixels = self._pages[index].asarray(maxworkers=1)
        except Exception as error:  # tifffile and its codecs raise what they like on damaged data
            raise UserError(f"frame {index + 1} of {self.path} cannot be decoded ({error}): copy the movie again") from error
        if pixels.shape != self.shape:
            raise UserError(f"frame {index + 1} of {self.path} has {pixels.shape} pixels, the first has {self.shape}")
        out[:] = pixels[::-1]


def open_tiff(path: Path) -> tifffile.TiffFile:
    """The file, or a UserError if it is no TIFF."""
    try:
        return tifffile.TiffFile(path)
    except (tifffile.TiffFileError, struct.error, ValueError) as error:
        raise UserError(f"{path} is no TIFF file, or a damaged one ({error}): copy or write it again") from error


def check_pages(path: Path) -> int:
    """The number of pages; a UserError if the file is missing, empty, or ends before the last of them does.

    The chain of page directories is walked here, since readers take a cut file for a shorter movie without a word.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise UserError(f"there is no file {path}: check the path, which counts from {Path.cwd()}") from None
    if size == 0:
        raise UserError(f"{path} is empty (0 bytes): copy or write it again")
    with path.open("rb") as file:
        head = file.read(16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        version = struct.unpack(f"{order}H", head[2:4])[0] if order and len(head) == 16 else 0
        if version not in (42, 43):
            raise UserError(f"{path} is no TIFF file: it begins with {head[:4]!r}")
        big = version == 43
        at = struct.unpack_from(f"{order}Q" if big else f"{order}I", head, 8 if big else 4)[0]
        count_format, offset_format, entry = (f"{order}Q", f"{order}Q", 20) if big else (f"{order}H", f"{order}I", 12)
        pages, seen = 0, set[int]()
        while at:
            file.seek(at)
            head = file.read(struct.calcsize(count_format))
            entries = struct.unpack(count_format, head)[0] if len(head) == struct.calcsize(count_format) else 0
            body = file.read(min(entries, 4096) * entry + struct.calcsize(offset_format))
            if not 0 < entries <= 4096 or len(body) < entries * entry + struct.calcsize(offset_format) or at in seen:
                raise UserError(
                    f"{path} is cut short or damaged: page {pages + 1} lies outside its {size:,} bytes; copy it again"
                )
            if (end := _end_of_strips(body, order, big)) > size:
                raise UserError(
                    f"{path} is cut short: page {pages + 1} reaches to byte {end:,} and the file has {size:,}; copy it again"
                )
            seen.add(at)
            pages += 1
            at = struct.unpack_from(offset_format, body, entries * entry)[0]
    if not pages:
        raise UserError(f"{path} has no page: it was not written to its end; copy or write it again")
    return pages


def _end_of_strips(body: bytes, order: str, big: bool) -> int:
    """The byte up to which a page's strips reach, as far as its directory says so itself (one strip or tile).

    With several strips it holds only where their lists are; those must be in the file too.
    """
    entry, number = (20, "Q") if big else (12, "I")
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
    offset = length = end = 0
    for at in range(0, len(body) - entry + 1, entry):
        tag, kind = struct.unpack_from(f"{order}HH", body, at)
        count = struct.unpack_from(f"{order}{number}", body, at + 4)[0]
        place = at + (12 if big else 8)
        bytes_there = count * sizes.get(kind, 1)
        if bytes_there > (8 if big else 4):
            end = max(end, struct.unpack_from(f"{order}{number}", body, place)[0] + bytes_there)
        elif count == 1 and tag in (273, 279, 324, 325):
            value = struct.unpack_from(order + {2: "H", 4: "I", 8: "Q"}.get(sizes.get(kind, 4), "I"), body, place)[0]
            offset, length = (value, length) if tag in (273, 324) else (offset, value)
    return max(end, offset + length)


def _pixel_size(page: Any) -> float:
    """Å a pixel by the resolution tags, where they are in centimetres and make sense for a micrograph."""
    tag, unit = page.tags.get("XResolution"), page.tags.get("ResolutionUnit")
    if tag is None or unit is None or int(unit.value) != 3 or not tag.value[0]:
        return 0.0
    size = _CM_A * tag.value[1] / tag.value[0]
    return round(size, 5) if 0.01 < size < 1000 else 0.0


def write_tiff_movie(
    path: str | Path, frames: Iterable[ArrayLike], *, compression: Compression = "lzw", pixel_size_A: float | None = None
) -> None:
    """Write frames (y, x), one a page; open_movie and RELION read them back with the same rows first."""
    resolution = None if pixel_size_A is None else (_CM_A / pixel_size_A,) * 2
    with atomic.writing(path) as file, tifffile.TiffWriter(file, bigtiff=False) as writer:
        written = 0
        for frame in frames:
            pixels = np.ascontiguousarray(np.asarray(frame)[::-1])
            if written + pixels.nbytes > 3 << 30:
                raise UserError(f"{path} would be larger than the 4 GB that a TIFF can hold: write fewer frames, or MRC")
            writer.write(
                pixels,
                photometric="minisblack",
                compression=_WORDS[compression],
                rowsperstrip=16,
                resolution=resolution,
                resolutionunit="CENTIMETER" if resolution else None,
                metadata=None,
                contiguous=False,
                maxworkers=1,
            )
            written = file.tell()
        if not written:
            raise ValueError(f"a movie without frames cannot be written to {path}")
